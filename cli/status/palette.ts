import { styleText } from "node:util";

export type Tone = "bad" | "warn" | "good" | "faint" | "strong";

/** A text in a tone. */
export type Paint = (tone: Tone, text: string) => string;

const STYLES = {
  bad: "red",
  warn: "yellow",
  good: "green",
  faint: "dim",
  strong: "bold",
} as const;

/**
 * Colours on a terminal that has them, and never where NO_COLOR says so (https://no-color.org: set and not empty), whatever
 * else the environment says.
 */
export function paintFor(
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): Paint {
  const coloured = stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== "dumb";
  if (!coloured) return (_tone, text) => text;
  return (tone, text) => styleText(STYLES[tone], text, { validateStream: false });
}
