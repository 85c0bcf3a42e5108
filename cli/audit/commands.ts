import type { Row } from "../../audit/entry/access.ts";
import type { Settings } from "../../config/schema.ts";
import { withStackVault } from "../connection.ts";
import { stackSettings } from "../stack.ts";
import { answer } from "./answer.ts";
import { type LogInput, openLogs } from "./log/input.ts";
import type { LogReport, Narrowing } from "./log/source.ts";
import { type AuditOptions, logNames, sinceMs } from "./options.ts";
import { jsonRow, jsonSummary } from "./output/json.ts";
import { Progress } from "./output/progress.ts";
import { Tally } from "./output/tally.ts";
import { answerText, NEWEST_ROWS, skippedText } from "./output/text.ts";
import { breakGlassQuery } from "./query/break-glass.ts";
import { kvPath } from "./query/path.ts";
import type { Query } from "./query/query.ts";
import { anyReadQuery, readsQuery } from "./query/reads.ts";
import { rotationsQuery } from "./query/rotations.ts";
import { whoQuery } from "./query/who.ts";
import { askValue } from "./value/ask.ts";
import { hashesOf } from "./value/hashes.ts";

/** @returns the exit code: 0, or 1 when a log could not be read to its end */
export async function reads(path: string | undefined, options: AuditOptions): Promise<number> {
  if (path === undefined && !options.matchValue) {
    throw new Error("name a path; only with --match-value may it be left out: every read of that value");
  }
  return run(options, NEWEST_ROWS, (settings) =>
    path === undefined ? anyReadQuery() : readsQuery(settings, kvPath(settings, path)),
  );
}

export async function rotations(options: AuditOptions): Promise<number> {
  return run(options, NEWEST_ROWS, rotationsQuery);
}

export async function who(name: string, options: AuditOptions): Promise<number> {
  return run(options, 0, () => whoQuery(name));
}

export async function breakGlass(options: AuditOptions): Promise<number> {
  return run(options, NEWEST_ROWS, breakGlassQuery);
}

/** Everything that can be wrong is found before the first row is printed. */
async function run(
  options: AuditOptions,
  newestRows: number,
  queryOf: (settings: Settings) => Query,
): Promise<number> {
  const since = options.since === undefined ? {} : { sinceMs: sinceMs(options.since, Date.now()) };
  const names = logNames(options);
  const settings = await stackSettings(options.stack);
  const query = queryOf(settings);
  const inputs = await openLogs(names, process.stdin);
  const hashes = options.matchValue ? { hashes: await valueHashes(settings) } : {};
  const reports: LogReport[] = [];
  const print = options.json ? printJson : printText;
  await print(inputs, query, { ...since, ...hashes }, reports, newestRows);
  for (const line of skippedText(reports)) console.error(line);
  return reports.some(({ damage }) => damage !== undefined) ? 1 : 0;
}

async function printText(
  inputs: readonly LogInput[],
  query: Query,
  narrowing: Narrowing,
  reports: LogReport[],
  newestRows: number,
): Promise<void> {
  const tally = new Tally();
  const newest: Row[] = [];
  for await (const row of progressing(inputs, query, narrowing, reports)) {
    tally.add(row);
    newest.push(row);
    if (newest.length > newestRows) newest.shift();
  }
  console.log(answerText(tally, newest, query.noun));
}

/** One document, printed as it is found: cut off, it is no JSON, so nobody takes a part for the whole. */
async function printJson(
  inputs: readonly LogInput[],
  query: Query,
  narrowing: Narrowing,
  reports: LogReport[],
): Promise<void> {
  const tally = new Tally();
  await write('{"rows":[');
  for await (const row of progressing(inputs, query, narrowing, reports)) {
    await write(`${tally.rows === 0 ? "\n" : ",\n"}${jsonRow(row)}`);
    tally.add(row);
  }
  await write(`\n],"summary":${jsonSummary(tally, reports)}}\n`);
}

async function* progressing(
  inputs: readonly LogInput[],
  query: Query,
  narrowing: Narrowing,
  reports: LogReport[],
): AsyncGenerator<Row> {
  const known = inputs.every(({ sizeBytes }) => sizeBytes > 0);
  const total = known ? inputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) : 0;
  const progress = new Progress(total, process.stderr);
  try {
    yield* answer(inputs, query, narrowing, reports, (bytes) => progress.read(bytes));
  } finally {
    progress.end();
  }
}

/** Waits while whoever reads the output is slower. */
function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

async function valueHashes(settings: Settings): Promise<ReadonlySet<string>> {
  return withStackVault(settings, async (client) => {
    const { hashes, refused } = await hashesOf(client, await askValue(process.stdin));
    for (const device of refused) {
      console.error(
        `The token may not ask sys/audit-hash/${device} (update), so the value is not found in that device's log.`,
      );
    }
    return hashes;
  });
}
