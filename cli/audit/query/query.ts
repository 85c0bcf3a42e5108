import type { Access } from "../../../audit/entry/access.ts";
import type { Clause } from "../log/prefilter.ts";

/** A question to the logs. */
export interface Query {
  /** What a row is, for the summary: `read`, `request`. */
  readonly noun: string;
  /** What every entry that it asks for has in it, on the byte level. */
  readonly clauses: readonly Clause[];
  /** Why an access belongs to the answer, in words of a person; empty when it is plain. Undefined: it does not. */
  keep(access: Access): readonly string[] | undefined;
}
