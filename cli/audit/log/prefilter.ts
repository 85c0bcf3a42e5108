/** Texts of which an entry must hold at least one. */
export type Clause = readonly string[];

/** Characters that no JSON writer escapes, so that the text stands in the log as it is. */
const VERBATIM = /[A-Za-z0-9_.:@/[\]" -]+/g;

/**
 * The longest part of a text that every JSON writer leaves as it is; a clause with nothing of that kind in it holds for
 * every line, as the empty text is in all of them.
 */
export function verbatim(text: string): string {
  const parts = text.match(VERBATIM) ?? [];
  return parts.reduce((longest, part) => (part.length > longest.length ? part : longest), "");
}

/**
 * Decides on the bytes of a line whether parsing it can be worth while: most lines of a log are about something else, and
 * finding that out without parsing them is what makes a large log quick. It may let a line through that the query then
 * refuses, never the other way round.
 */
export class Prefilter {
  readonly #first: RegExp;
  readonly #rest: readonly RegExp[];
  /** The chunk, a character for each byte: the texts are ASCII. */
  #text = "";
  /** Where the next text of the first clause ends; it lies within one line. */
  #nextEnd = -1;

  /** All clauses must hold. The first is looked for in whole chunks, so it should be the rarest. */
  constructor(clauses: readonly Clause[]) {
    const [first = /(?:)/, ...rest] = clauses.map(anyOf);
    this.#first = new RegExp(first, "g");
    this.#rest = rest;
  }

  /** To be called before the first line of each chunk. */
  newChunk(chunk: Buffer): void {
    this.#text = chunk.toString("latin1");
    this.#nextEnd = -1;
  }

  /** Whether the line between these bytes of the chunk is to be parsed. Lines are asked for in their order. */
  passes(start: number, end: number): boolean {
    if (this.#nextEnd <= start) this.#findFrom(start);
    if (this.#nextEnd > end) return false;
    if (this.#rest.length === 0) return true;
    const line = this.#text.slice(start, end);
    return this.#rest.every((clause) => clause.test(line));
  }

  #findFrom(start: number): void {
    this.#first.lastIndex = start;
    this.#nextEnd = this.#first.test(this.#text) ? this.#first.lastIndex : Number.POSITIVE_INFINITY;
  }
}

function anyOf(clause: Clause): RegExp {
  return new RegExp(clause.map((text) => text.replace(/[^A-Za-z0-9_]/g, "\\$&")).join("|"));
}
