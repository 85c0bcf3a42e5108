import type { HttpAnswer } from "../../shared/http.ts";
import type { Collector } from "../seen.ts";
import type { ExporterSpec } from "../spec.ts";
import { type ExporterVault, errorsOf, refused } from "../vault.ts";

/** How many audit devices are enabled. */
export function auditCollector(vault: Pick<ExporterVault, "read">): Collector {
  return async () => ({ seen: { auditDevices: Object.keys((await vault.read("sys/audit")) ?? {}).length } });
}

const METRICS = "sys/metrics?format=prometheus";

/**
 * Entries that no device took, and failures of single devices beside others that wrote
 * (https://developer.hashicorp.com/vault/docs/internals/telemetry/metrics/audit).
 */
const FAILURES =
  /^vault_audit_(?:log_request_failure|log_response_failure|sink_failure)(?:\{[^}]*\})? (\S+)/gm;

interface Counted {
  readonly leader: string;
  readonly failures: number;
}

/**
 * Failures to audit, by Vault's own count. Each node counts for itself, since it started, and only the leader writes and
 * tells: what another leader has counted before is none of ours, and a smaller number is a node that started anew.
 */
export function telemetryCollector(
  { vault: { address, nodes } }: Pick<ExporterSpec, "vault">,
  vault: Pick<ExporterVault, "ask" | "leaderAddress">,
): Collector {
  let last: Counted | undefined;
  return async (before) => {
    const node = before.nodes?.find((one) => one.leader)?.node ?? "";
    const leader = nodes[node] ?? (await vault.leaderAddress());
    const answer = await vault.ask(METRICS, nodes[node] ?? address);
    if (says(answer, "prometheus is not enabled")) return { seen: { telemetry: false } };
    // A standby, which a load balancer chose: another time it may be the leader.
    if (says(answer, "cannot forward")) return { seen: {} };
    if (answer.status !== 200) throw refused("sys/metrics", answer);
    const counted = { leader, failures: failuresIn(answer.text) };
    const total = (before.auditFailures ?? 0) + newFailures(last, counted);
    last = counted;
    return { seen: { telemetry: true, auditFailures: total } };
  };
}

function says(answer: HttpAnswer, words: string): boolean {
  return errorsOf(answer).some((text) => text.includes(words));
}

export function failuresIn(text: string): number {
  return [...text.matchAll(FAILURES)].reduce((sum, [, count]) => sum + Number(count), 0);
}

function newFailures(last: Counted | undefined, { leader, failures }: Counted): number {
  if (last === undefined || last.leader !== leader) return 0;
  return failures >= last.failures ? failures - last.failures : failures;
}
