import { setTimeout } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";

/** Where a screen is drawn: standard output. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/** Of a terminal: the cursor hidden and shown, the screen cleared, and what is left of a line or below it. */
const HIDE = "\u001b[?25l";
const SHOW = "\u001b[?25h";
const CLEAR = "\u001b[2J";
const HOME = "\u001b[H";
const REST_OF_LINE = "\u001b[K";
const REST_BELOW = "\u001b[J";

/**
 * Looks again and again until `ended`, and draws each time: on a terminal in place, as much as it has room for; elsewhere one
 * after another.
 * @param look gives the text to draw
 */
export async function watch(
  look: () => Promise<string>,
  screen: Screen,
  { intervalMs, ended }: { readonly intervalMs: number; readonly ended: AbortSignal },
): Promise<void> {
  const stop = new Promise<undefined>((resolve) => {
    ended.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  if (screen.isTTY) screen.write(HIDE + CLEAR);
  try {
    while (!ended.aborted) {
      const text = await Promise.race([look(), stop]);
      if (text === undefined) return;
      screen.write(screen.isTTY ? inPlace(text, screen) : `${text}\n`);
      await setTimeout(intervalMs, undefined, { signal: ended }).catch(() => {});
    }
  } finally {
    if (screen.isTTY) screen.write(SHOW);
  }
}

/** Over what was there before, without clearing first: that flickers. */
function inPlace(text: string, screen: Screen): string {
  const lines = fitting(text.split("\n"), screen);
  return `${HOME}${lines.map((line) => `${line}${REST_OF_LINE}\n`).join("")}${REST_BELOW}`;
}

/** A terminal that does not say how large it is, or says 0. */
const USUAL = { columns: 80, rows: 24 };

/** The lines that the terminal has room for, one kept for the cursor; the most important come first. */
export function fitting(
  lines: readonly string[],
  { columns, rows }: Pick<Screen, "columns" | "rows">,
): readonly string[] {
  const width = columns || USUAL.columns;
  const height = rows || USUAL.rows;
  const rowsOf = (line: string) => Math.max(1, Math.ceil(stripVTControlCharacters(line).length / width));
  if (lines.reduce((sum, line) => sum + rowsOf(line), 0) < height) return lines;
  let room = height - 2;
  const shown = lines.filter((line) => {
    room -= rowsOf(line);
    return room >= 0;
  });
  return [...shown, `(${lines.length - shown.length} more lines: a higher window shows them)`];
}
