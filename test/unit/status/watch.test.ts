import { describe, expect, it, test } from "vitest";
import { fitting, type Screen, watch } from "../../../cli/status/watch.ts";

const SHOW_CURSOR = "\u001b[?25h";

function screenOf(fields: Partial<Screen> = {}): Screen & { readonly written: string[] } {
  const written: string[] = [];
  return { ...fields, written, write: (text: string) => written.push(text) };
}

/** Ends the watch while it draws for the third time. */
function threeLooks(ended: AbortController): () => Promise<string> {
  let looks = 0;
  return async () => {
    looks++;
    if (looks === 3) queueMicrotask(() => ended.abort());
    return `look ${looks}`;
  };
}

describe("watch", () => {
  it("draws one look over the other on a terminal, and gives the cursor back", async () => {
    const ended = new AbortController();
    const screen = screenOf({ isTTY: true, columns: 80, rows: 24 });
    await watch(threeLooks(ended), screen, { intervalMs: 1, ended: ended.signal });
    const drawn = screen.written.filter((text) => text.includes("look"));
    expect(drawn.length).toBeGreaterThanOrEqual(2);
    expect(drawn.slice(0, 2)).toEqual(["1", "2"].map((at) => `\u001b[Hlook ${at}\u001b[K\n\u001b[J`));
    expect(screen.written.filter((text) => text.includes("\u001b[2J"))).toHaveLength(1);
    expect(screen.written.at(-1)).toBe(SHOW_CURSOR);
  });

  it("writes one after another elsewhere, without anything for a terminal", async () => {
    const ended = new AbortController();
    const screen = screenOf();
    await watch(threeLooks(ended), screen, { intervalMs: 1, ended: ended.signal });
    expect(screen.written.slice(0, 2)).toEqual(["look 1\n", "look 2\n"]);
  });

  it("ends at once when it is told to, in the middle of a look as well as between two", async () => {
    const during = new AbortController();
    const never = () => new Promise<string>(() => during.abort());
    const screen = screenOf({ isTTY: true });
    await watch(never, screen, { intervalMs: 1, ended: during.signal });
    expect(screen.written.at(-1)).toBe(SHOW_CURSOR);

    const between = new AbortController();
    const once = screenOf();
    const look = async () => {
      setImmediate(() => between.abort());
      return "seen";
    };
    await watch(look, once, { intervalMs: 3_600_000, ended: between.signal });
    expect(once.written).toEqual(["seen\n"]);
  });

  it("gives the cursor back when a look fails, and fails with it", async () => {
    const screen = screenOf({ isTTY: true });
    const failing = () => Promise.reject(new Error("no stack"));
    const { signal } = new AbortController();
    await expect(watch(failing, screen, { intervalMs: 1, ended: signal })).rejects.toThrow("no stack");
    expect(screen.written.at(-1)).toBe(SHOW_CURSOR);
  });
});

describe("a screen that is too small", () => {
  const many = Array.from({ length: 30 }, (_, index) => `line ${index}`);

  test("shows the first lines, which say what is wrong, and how many are not shown", () => {
    const shown = fitting(many, { columns: 80, rows: 24 });
    expect(shown).toHaveLength(23);
    expect(shown.at(-1)).toBe("(8 more lines: a higher window shows them)");
    expect(fitting(many, { columns: 80, rows: 31 })).toEqual(many);
  });

  test("is taken for a usual one where the terminal does not say", () => {
    expect(fitting(many, { columns: 0, rows: 0 })).toHaveLength(23);
    expect(fitting(many, {})).toHaveLength(23);
  });

  test("counts a line that is wrapped as several, without its colours", () => {
    const wide = ["x".repeat(200), ...many.slice(0, 10)];
    expect(fitting(wide, { columns: 80, rows: 14 })).toHaveLength(11);
    expect(fitting(wide, { columns: 200, rows: 12 })).toEqual(wide);
    expect(fitting([`\u001b[31m${"x".repeat(80)}\u001b[39m`], { columns: 80, rows: 2 })).toHaveLength(1);
  });
});
