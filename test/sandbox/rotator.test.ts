import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useSandbox } from "./harness.ts";
import { type RotationGround, rotationGround } from "./rotation/ground.ts";
import { type Outcome, recordRequests, type Strike, strikeAll } from "./rotation/matrix.ts";

let ground: RotationGround;

beforeAll(async () => {
  ground = await rotationGround(await useSandbox());
});
afterAll(() => ground?.close());

describe("whatever befalls a run at any one of its requests", () => {
  let outcomes: readonly Outcome[];
  let strikes: readonly Strike[];

  beforeAll(async () => {
    const { rotate, finish } = await recordRequests(ground);
    const blows = ["killed before", "killed after", "overtaken at"] as const;
    strikes = blows.flatMap((blow) => [
      ...rotate.map((label) => ({ command: "rotate" as const, label, blow })),
      ...finish.map((label) => ({ command: "finish" as const, label, blow })),
    ]);
    outcomes = await strikeAll(ground, strikes);
    const calls = outcomes.reduce((sum, one) => sum + one.calls, 0);
    console.log(
      `${rotate.length} + ${finish.length} requests, ${outcomes.length} cases, ${calls} consumer calls`,
    );
  });

  /** Outcomes of which `what` is not empty, to read. */
  const bad = (what: (one: Outcome) => readonly string[]) =>
    outcomes.filter((one) => what(one).length > 0).map((one) => ({ ...one.strike, found: what(one) }));

  test("it was struck at every request", () => {
    expect(strikes.length).toBeGreaterThan(90);
    expect(outcomes.filter(({ struck }) => !struck).map(({ strike }) => strike)).toEqual([]);
  });

  test("no call of a consumer failed", () => {
    expect(bad(({ failures }) => failures)).toEqual([]);
    for (const { calls } of outcomes) expect(calls).toBeGreaterThan(10);
  });

  test("it leaves one orphan at most, and the next run none", () => {
    expect(bad(({ orphansLeft }) => orphansLeft.slice(1))).toEqual([]);
    expect(bad(({ orphansAfter }) => orphansAfter)).toEqual([]);
    expect(outcomes.some(({ orphansLeft }) => orphansLeft.length === 1)).toBe(true);
  });

  test("the next run ends it, previous keys live through their overlap and no longer, and all else stays", () => {
    expect(bad(({ wrong }) => wrong)).toEqual([]);
  });
});
