import type { Row } from "../../../audit/entry/access.ts";
import type { LogReport } from "../log/source.ts";
import type { Tally } from "./tally.ts";

/** A row as `--json` gives it: what an access says, less what only the program itself needs. */
export function jsonRow({ key: _key, writtenMs: _written, object: _object, ...row }: Row): string {
  return JSON.stringify(row);
}

/** What `--json` says about the whole answer. */
export function jsonSummary(tally: Tally, logs: readonly LogReport[]): string {
  return JSON.stringify({
    rows: tally.rows,
    identities: tally.identities,
    unnamed: tally.unnamed,
    ...tally.outcomes,
    logs: logs.map(({ name, skipped, damage }) => ({
      name,
      ...skipped,
      ...(damage === undefined ? {} : { damage }),
    })),
  });
}
