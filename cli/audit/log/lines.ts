import type { Prefilter } from "./prefilter.ts";

/** Longest line that is read. Vault takes requests of up to 32 MiB (max_request_size), and logs texts as short hashes. */
export const MAX_LINE_BYTES = 32 * 2 ** 20;

/** What was found besides entries. Line numbers count from 1. */
export interface Skipped {
  lines: number;
  /** Lines that are no entry at all: a device on stdout mixes with the server's own log. */
  foreign: number;
  torn: number;
  firstTorn?: number;
  lastLineTorn: boolean;
  tooLong: number;
  firstTooLong?: number;
}

/** What became of a line that passed: an entry, or JSON of another kind, and whether a part of it was cut off. */
export interface LineVerdict {
  readonly entry: boolean;
  readonly torn: boolean;
}

/**
 * Cuts chunks of a log into lines, in memory bounded by the longest line, and hands those on that pass the filter. A line
 * that is cut off is counted whether or not it would have passed.
 */
export class LineScanner {
  readonly skipped: Skipped = { lines: 0, foreign: 0, torn: 0, lastLineTorn: false, tooLong: 0 };
  readonly #filter: Prefilter;
  readonly #take: (line: string) => LineVerdict;
  readonly #maxBytes: number;
  /** The beginning of a line that goes on in the next chunk. */
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(filter: Prefilter, take: (line: string) => LineVerdict, maxBytes: number = MAX_LINE_BYTES) {
    this.#filter = filter;
    this.#take = take;
    this.#maxBytes = maxBytes;
  }

  /** The chunk may be overwritten once this returns. */
  push(chunk: Buffer): void {
    let start = 0;
    if (this.#heldBytes > 0) {
      const end = chunk.indexOf(10);
      this.#hold(end < 0 ? chunk : chunk.subarray(0, end));
      if (end < 0) return;
      this.#heldLine();
      start = end + 1;
    }
    this.#filter.newChunk(chunk);
    for (let end = chunk.indexOf(10, start); end >= 0; end = chunk.indexOf(10, start)) {
      this.#line(chunk, start, end);
      start = end + 1;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
  }

  /** The log is over: what has no end of line is its last line, whole or cut off. */
  end(): void {
    if (this.#heldBytes === 0) return;
    const before = this.skipped.torn;
    this.#heldLine(true);
    this.skipped.lastLineTorn = this.skipped.torn > before;
  }

  #hold(part: Buffer): void {
    this.#heldBytes += part.length;
    if (this.#heldBytes > this.#maxBytes) this.#held = [];
    else this.#held.push(Buffer.from(part));
  }

  #heldLine(parseAnyway = false): void {
    const bytes = this.#heldBytes;
    const line = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    if (bytes > this.#maxBytes) {
      this.skipped.lines++;
      this.skipped.tooLong++;
      this.skipped.firstTooLong ??= this.skipped.lines;
      return;
    }
    this.#filter.newChunk(line);
    this.#line(line, 0, line.length, parseAnyway);
  }

  #line(chunk: Buffer, start: number, lineEnd: number, parseAnyway = false): void {
    const end = chunk[lineEnd - 1] === 13 && lineEnd > start ? lineEnd - 1 : lineEnd;
    this.skipped.lines++;
    if (end === start) return;
    if (chunk[start] !== 0x7b) {
      this.skipped.foreign++;
    } else if (chunk[end - 1] !== 0x7d) {
      this.#torn();
    } else if (parseAnyway || this.#filter.passes(start, end)) {
      const { entry, torn } = this.#take(chunk.toString("utf8", start, end));
      if (torn) this.#torn();
      else if (!entry) this.skipped.foreign++;
    }
  }

  #torn(): void {
    this.skipped.torn++;
    this.skipped.firstTorn ??= this.skipped.lines;
  }
}
