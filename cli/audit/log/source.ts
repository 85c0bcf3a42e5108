import type { Access, Fields, Row } from "../../../audit/entry/access.ts";
import { parseLine } from "../../../audit/entry/entry.ts";
import type { Query } from "../query/query.ts";
import { placesOf } from "../value/places.ts";
import type { LogInput } from "./input.ts";
import { LineScanner, type Skipped } from "./lines.ts";
import type { RowSource } from "./merge.ts";
import { type Clause, Prefilter } from "./prefilter.ts";

/** What narrows a query down. */
export interface Narrowing {
  /** Ms since 1970; entries written before are left out. */
  readonly sinceMs?: number;
  /** Only entries that hold one of these texts. */
  readonly hashes?: ReadonlySet<string>;
}

/** What was passed over in one log, known once it is read. */
export interface LogReport {
  readonly name: string;
  skipped: Skipped;
  /** Why the rest of the log could not be read. */
  damage?: string;
}

/** One log as rows of a query. */
export function rowSource(
  input: LogInput,
  query: Query,
  narrowing: Narrowing,
  report: LogReport,
  onRead: (bytes: number) => void,
): RowSource {
  return { firstMs: input.firstMs, open: () => rows(input, query, narrowing, report, onRead) };
}

async function* rows(
  input: LogInput,
  query: Query,
  narrowing: Narrowing,
  report: LogReport,
  onRead: (bytes: number) => void,
): AsyncGenerator<readonly Row[]> {
  let batch: Row[] = [];
  const scanner = new LineScanner(new Prefilter(clausesOf(query, narrowing)), (line) => {
    const { entry, torn } = parseLine(line);
    const row = entry === undefined ? undefined : rowOf(entry, query, narrowing);
    if (row !== undefined) batch.push(row);
    return { entry: entry !== undefined, torn };
  });
  report.skipped = scanner.skipped;
  try {
    for await (const chunk of input.open(onRead)) {
      scanner.push(chunk);
      yield batch;
      batch = [];
    }
  } catch (error) {
    report.damage = (error as Error).message;
  }
  scanner.end();
  yield batch;
}

/** A value's hash is rarer than anything else, so it is looked for first. */
function clausesOf({ clauses }: Query, { hashes }: Narrowing): readonly Clause[] {
  return hashes === undefined ? clauses : [[...hashes], ...clauses];
}

function rowOf(
  { access, raw }: { readonly access: Access; readonly raw: Fields },
  query: Query,
  { sinceMs, hashes }: Narrowing,
): Row | undefined {
  if (sinceMs !== undefined && access.writtenMs < sinceMs) return undefined;
  const notes = query.keep(access);
  if (notes === undefined) return undefined;
  if (hashes === undefined) return { ...access, notes };
  const places = placesOf(raw, hashes);
  return places.length === 0 ? undefined : { ...access, notes, places };
}
