const LONGEST = 1_000;

/** A line for a person: a bundle of CAs is not read, and would push all else off the screen. */
const LONGEST_LINE = 120;

/** Of a line whose difference stands further back: what is shown of its beginning, and before the difference. */
const BEGINNING = 40;
const BEFORE = 10;

/** A value for a person: texts as they are, all else as JSON, nothing endless, and no password of an address. */
export function shown(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const masked = text.replace(/(:\/\/[^\s/:@]+:)(?!\{\{)[^\s/@]+@/g, "$1...@");
  return masked.length <= LONGEST ? masked : `${masked.slice(0, LONGEST)}... (${masked.length} characters)`;
}

/** Two values' lines, the long ones cut to their beginning, the place where they differ, and their length. */
export function bothShort(
  one: readonly string[],
  other: readonly string[],
): readonly [readonly string[], readonly string[]] {
  return [one.map((line, at) => short(line, other[at])), other.map((line, at) => short(line, one[at]))];
}

function short(line: string, other = ""): string {
  if (line.length <= LONGEST_LINE) return line;
  const length = /\((\d+) characters\)$/.exec(line)?.[1] ?? line.length;
  const same = line.split("").findIndex((character, at) => character !== other[at]);
  const from = Math.max(same, 0) - BEFORE;
  const text =
    from + 2 * BEFORE <= LONGEST_LINE
      ? line.slice(0, LONGEST_LINE)
      : `${line.slice(0, BEGINNING)}...${line.slice(from, from + LONGEST_LINE - BEGINNING)}`;
  return `${text}... (${length} characters)`;
}

/** The lines that only one of two texts has: of a policy, what it should grant and does not, and the other way round. */
export function differingLines(
  declared: string,
  found: string,
): { readonly declared?: string; readonly found?: string } {
  const only = (text: string, other: string) => {
    const known = lines(other);
    return lines(text).filter((line) => !known.includes(line));
  };
  const [missing, more] = [only(declared, found), only(found, declared)];
  if (missing.length + more.length === 0) return { declared: "the same lines in another order" };
  return {
    ...(missing.length === 0 ? {} : { declared: shown(missing.join("\n")) ?? "" }),
    ...(more.length === 0 ? {} : { found: shown(more.join("\n")) ?? "" }),
  };
}

function lines(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
