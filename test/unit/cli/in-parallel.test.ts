import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { inParallel } from "../../../cli/in-parallel.ts";

describe("inParallel", () => {
  it("keeps the order, and never does more at once than it may", async () => {
    let running = 0;
    let most = 0;
    const items = Array.from({ length: 20 }, (_, index) => index);
    const doubled = await inParallel(items, 3, async (item) => {
      running += 1;
      most = Math.max(most, running);
      for (let turns = 0; turns < 20 - item; turns++) await turn();
      running -= 1;
      return item * 2;
    });
    expect(doubled).toEqual(items.map((item) => item * 2));
    expect(most).toBe(3);
  });

  it("gives nothing for nothing", async () => {
    expect(await inParallel([], 3, async (item) => item)).toEqual([]);
  });

  it("begins nothing after a failure, and throws it once all that runs has ended", async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const failing = inParallel([0, 1, 2, 3, 4], 2, async (item) => {
      begun.push(item);
      if (item === 0) throw new Error("the first");
      for (let turns = 0; turns < 5; turns++) await turn();
      ended.push(item);
    });
    await expect(failing).rejects.toThrow("the first");
    expect(begun).toEqual([0, 1]);
    expect(ended).toEqual([1]);
  });
});
