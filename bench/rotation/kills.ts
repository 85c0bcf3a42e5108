import type { Command } from "../../test/sandbox/rotation/case.ts";
import type { Strike } from "../../test/sandbox/rotation/matrix.ts";

/** A step of a rotation, and the request that it is killed after: carried out, and its answer lost. */
export interface Kill extends Strike {
  readonly step: string;
}

const STATE = "vault POST /v1/rotation-test/data/rotation/<id>";
const LIVE = "vault POST /v1/rotation-test/data/live/<id>";
const ACCOUNTS = "/v1/organization/projects/proj_<id>/service_accounts";
const CONSUMER = "/apis/external-secrets.io/v1/namespaces/rotation-test/externalsecrets/<id>";
const WORKLOAD = "/apis/apps/v1/namespaces/rotation-test/deployments/<id>";

/** In the order that they happen in. */
export const kills: readonly Kill[] = [
  kill("claim", "rotate", `${STATE} #1`),
  kill("intend", "rotate", `${STATE} #2`),
  kill("create", "rotate", `provider POST ${ACCOUNTS} #1`),
  kill("stage", "rotate", `${STATE} #3`),
  kill("test", "rotate", "provider GET /v1/models #1"),
  kill("promote", "rotate", `${LIVE} #1`),
  kill("nudge", "rotate", `kubernetes PATCH ${CONSUMER} #1`),
  kill("restart", "rotate", `kubernetes PATCH ${WORKLOAD} #1`),
  kill("settle", "rotate", `${STATE} #6`),
  kill("revoke", "finish", `provider DELETE ${ACCOUNTS}/<id> #1`),
  kill("finish", "finish", `${STATE} #2`),
];

function kill(step: string, command: Command, label: string): Kill {
  return { step, command, label, blow: "killed after" };
}
