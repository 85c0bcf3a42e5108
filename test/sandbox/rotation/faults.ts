import type { Fault } from "../../../sandbox/providers/faults.ts";
import type { Trouble } from "./trouble.ts";

/** Faults of an OpenAI-like provider, by the request that they meet. */

export const list = { method: "GET", path: "/v1/organization/projects" };
export const create = { method: "POST", path: "/v1/organization/projects" };
export const remove = { method: "DELETE", path: "/v1/organization/projects" };
export const models = { method: "GET", path: "/v1/models" };

export const down = { kind: "down" } as const;
export const slow = { kind: "slow", milliseconds: 6_000 } as const;
/** Less than a slow provider takes, and enough for all that answer, on a machine with other work too. */
export const impatient = { limits: { request: 4 } };
export const status = (code: number, retryAfterSeconds?: number) =>
  ({
    kind: "status",
    status: code,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  }) as const;
export const once = { times: 1 };

/** The run fails with this exit code, and an event says this. */
export interface GivesUp extends Trouble {
  readonly name: string;
  readonly code: number;
  readonly says: RegExp;
  /** Names of keys at the provider that the state does not name, by their generation. @default none */
  readonly orphans?: readonly number[];
}

export const at = (fault: Fault, rest: Omit<GivesUp, "code"> & { readonly code?: number }): GivesUp => ({
  code: 4,
  faults: [fault],
  ...(fault.kind === "slow" ? { options: impatient } : {}),
  ...rest,
});
