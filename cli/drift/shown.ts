const LONGEST = 1_000;

/** A value for a person: texts as they are, all else as JSON, nothing endless, and no password of an address. */
export function shown(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const masked = text.replace(/(:\/\/[^\s/:@]+:)(?!\{\{)[^\s/@]+@/g, "$1...@");
  return masked.length <= LONGEST ? masked : `${masked.slice(0, LONGEST)}... (${masked.length} characters)`;
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
