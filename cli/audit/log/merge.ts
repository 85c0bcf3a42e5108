import type { Row } from "../../../audit/entry/access.ts";

/** Rows of one log in the order of their entries, a batch for each chunk that has any. */
export interface RowSource {
  /** None of its rows is written before. */
  readonly firstMs: number;
  open(): AsyncIterator<readonly Row[]>;
}

/**
 * Rows of several logs in the order in which they were written, as far as each log itself is in order. A log is opened only
 * when its turn comes, so that a hundred rotated ones cost no more than one.
 */
export async function* merge(sources: readonly RowSource[]): AsyncGenerator<Row> {
  const closed = sources.toSorted((a, b) => a.firstMs - b.firstMs);
  let open: Cursor[] = [];
  for (;;) {
    const next = earliest(open);
    const opening = closed[0];
    if (opening !== undefined && (next === undefined || opening.firstMs <= next.row.writtenMs)) {
      closed.shift();
      const cursor = await Cursor.of(opening.open());
      if (cursor !== undefined) open.push(cursor);
    } else if (next === undefined) {
      return;
    } else {
      yield next.row;
      if (!(await next.advance())) open = open.filter((one) => one !== next);
    }
  }
}

function earliest(cursors: readonly Cursor[]): Cursor | undefined {
  return cursors.reduce<Cursor | undefined>(
    (best, one) => (best === undefined || one.row.writtenMs < best.row.writtenMs ? one : best),
    undefined,
  );
}

/** Stands on one row of a log. */
class Cursor {
  row: Row;
  readonly #batches: AsyncIterator<readonly Row[]>;
  #batch: readonly Row[];
  #index = 0;

  private constructor(batches: AsyncIterator<readonly Row[]>, batch: readonly Row[], row: Row) {
    this.#batches = batches;
    this.#batch = batch;
    this.row = row;
  }

  static async of(batches: AsyncIterator<readonly Row[]>): Promise<Cursor | undefined> {
    const batch = await nextBatch(batches);
    const row = batch?.[0];
    return batch === undefined || row === undefined ? undefined : new Cursor(batches, batch, row);
  }

  /** @returns whether there was another row */
  async advance(): Promise<boolean> {
    this.#index++;
    if (this.#index >= this.#batch.length) {
      this.#batch = (await nextBatch(this.#batches)) ?? [];
      this.#index = 0;
    }
    const row = this.#batch[this.#index];
    if (row !== undefined) this.row = row;
    return row !== undefined;
  }
}

async function nextBatch(batches: AsyncIterator<readonly Row[]>): Promise<readonly Row[] | undefined> {
  for (;;) {
    const { value, done } = await batches.next();
    if (done) return undefined;
    if (value.length > 0) return value;
  }
}
