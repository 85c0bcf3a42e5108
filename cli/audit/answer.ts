import type { Row } from "../../audit/entry/access.ts";
import type { LogInput } from "./log/input.ts";
import { merge } from "./log/merge.ts";
import { Requests } from "./log/requests.ts";
import { type LogReport, type Narrowing, rowSource } from "./log/source.ts";
import type { Query } from "./query/query.ts";

/**
 * The rows of a query over several logs, one for each request, in the order in which they were made. Memory is bounded: it
 * grows neither with the logs nor with the answer.
 * @param reports one for each log is added; complete once the rows are
 */
export async function* answer(
  inputs: readonly LogInput[],
  query: Query,
  narrowing: Narrowing,
  reports: LogReport[],
  onRead: (bytes: number) => void = () => {},
): AsyncGenerator<Row> {
  const sources = inputs.map((input) => {
    const report: LogReport = {
      name: input.name,
      skipped: { lines: 0, foreign: 0, torn: 0, lastLineTorn: false, tooLong: 0 },
    };
    reports.push(report);
    return rowSource(input, query, narrowing, report, onRead);
  });
  const requests = new Requests();
  for await (const row of merge(sources)) yield* requests.add(row);
  yield* requests.rest();
}
