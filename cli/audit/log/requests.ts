import type { Row } from "../../../audit/entry/access.ts";
import { RecentKeys } from "./recent.ts";

/** How long a request waits for its answer's entry: Vault ends requests after 90 s (default_max_request_duration). */
const WAIT_MS = 120_000;

/** Requests that wait at once; beyond it the oldest goes on as it is. */
const MAX_WAITING = 20_000;

/**
 * Makes one row of each request, however many entries it has: its question and its answer, on each device and node, in each
 * copy of a log. Rows come in the order of their first entries.
 */
export class Requests {
  readonly #waiting = new Map<string, Row>();
  readonly #done: RecentKeys;

  constructor(done: RecentKeys = new RecentKeys()) {
    this.#done = done;
  }

  /** @returns the rows that are complete by now */
  add(row: Row): readonly Row[] {
    const known = this.#waiting.get(row.key);
    if (known !== undefined) this.#waiting.set(row.key, joined(known, row));
    else if (!this.#done.has(row.key)) this.#waiting.set(row.key, row);
    return this.#release(row.writtenMs);
  }

  /** All that still wait, when there are no more entries. */
  *rest(): Generator<Row> {
    for (const row of this.#waiting.values()) yield row;
    this.#waiting.clear();
  }

  /** Entries that are far off in time belong to another part of the log: it may be several, one after the other. */
  #release(nowMs: number): readonly Row[] {
    const released: Row[] = [];
    for (const [key, row] of this.#waiting) {
      const near = Math.abs(nowMs - row.writtenMs) <= WAIT_MS;
      if (near && this.#waiting.size <= MAX_WAITING) break;
      this.#waiting.delete(key);
      this.#done.add(key);
      released.push(row);
    }
    return released;
  }
}

/** The answer knows more; the time stays that of the first entry. */
function joined(first: Row, second: Row): Row {
  const answered = first.outcome === "unanswered" && second.outcome !== "unanswered";
  const [more, less] = answered ? [second, first] : [first, second];
  const places = [...new Set([...(first.places ?? []), ...(second.places ?? [])])];
  return {
    ...less,
    ...more,
    notes: [...new Set([...more.notes, ...less.notes])],
    time: first.time,
    writtenMs: first.writtenMs,
    ...(places.length > 0 ? { places } : {}),
  };
}
