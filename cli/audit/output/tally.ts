import type { Outcome, Row } from "../../../audit/entry/access.ts";

/** Rows that differ in nothing but time and origin. */
export interface Group {
  readonly row: Row;
  count: number;
  /** RFC 3339. */
  first: string;
  last: string;
}

/** Groups and identities that are told apart at most: an answer of more is to be narrowed down. */
const MAX_GROUPS = 2_000;
const MAX_IDENTITIES = 100_000;

/** Counts rows, in bounded memory. */
export class Tally {
  rows = 0;
  readonly outcomes: Record<Outcome, number> = { allowed: 0, denied: 0, failed: 0, unanswered: 0 };
  /** Rows whose log entry names nobody. */
  unnamed = 0;
  /** Rows of groups that there was no room for. */
  ungrouped = 0;
  readonly #groups = new Map<string, Group>();
  readonly #identities = new Set<string>();

  add(row: Row): void {
    this.rows++;
    this.outcomes[row.outcome]++;
    if (row.who.kind === "nobody") this.unnamed++;
    else if (this.#identities.size < MAX_IDENTITIES) this.#identities.add(`${row.who.kind} ${row.who.name}`);
    this.#count(row);
  }

  get identities(): number {
    return this.#identities.size;
  }

  /** Whether there may be more identities than were counted. */
  get identitiesFull(): boolean {
    return this.#identities.size >= MAX_IDENTITIES;
  }

  /** The most recent last. */
  get groups(): readonly Group[] {
    return [...this.#groups.values()].sort((a, b) => Date.parse(a.last) - Date.parse(b.last));
  }

  #count(row: Row): void {
    const { who, source, operation, path, outcome, reason, places } = row;
    // Of those who have no name, the address is all there is to tell them apart.
    const from = who.kind === "nobody" ? row.remoteAddress : undefined;
    const key = JSON.stringify([
      who.kind,
      who.name,
      who.role,
      who.impersonatedBy,
      source,
      operation,
      path,
      outcome,
      reason,
      places,
      from,
      row.notes,
    ]);
    const group = this.#groups.get(key);
    if (group !== undefined) {
      group.count++;
      if (Date.parse(row.time) < Date.parse(group.first)) group.first = row.time;
      if (Date.parse(row.time) >= Date.parse(group.last)) group.last = row.time;
    } else if (this.#groups.size < MAX_GROUPS) {
      this.#groups.set(key, { row, count: 1, first: row.time, last: row.time });
    } else this.ungrouped++;
  }
}
