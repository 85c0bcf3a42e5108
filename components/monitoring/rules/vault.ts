import type { Settings } from "../../../config/schema.ts";
import { seconds } from "../../durations.ts";
import { type Exported, maxBy } from "./promql.ts";
import type { Alert } from "./rule.ts";

/**
 * How far behind the leader's log a follower counts as healthy: `max_trailing_logs` of Vault's autopilot, whose default this
 * stack leaves as it is.
 */
const TRAILING_ENTRIES = 1_000;

/** Vault's own default, where the stack does not declare autopilot. */
const LAST_CONTACT = "10s";

const BY_NODE = ["node"];

/** Of each node by its own address. */
export function nodeAlerts(
  exported: Exported,
  nodes: readonly string[],
  forSeconds: number,
): readonly Alert[] {
  const of = (metric: string) => maxBy(BY_NODE, exported(metric, { node: nodes }));
  return [
    {
      alert: "VaultNodeDown",
      expr: `${of("vault_up")} == 0`,
      forSeconds,
      severity: "warning",
      summary: "The Vault node {{ $labels.node }} does not answer.",
      impact: "None while a majority of the nodes is up; with one more down Vault may stop answering.",
    },
    {
      alert: "VaultSealed",
      expr: `${of("vault_sealed")} == 1`,
      forSeconds,
      severity: "critical",
      summary: "The Vault node {{ $labels.node }} is sealed.",
      impact: "It serves nothing until it is unsealed; when the last one is sealed, no secret is refreshed.",
    },
    ...(nodes.length < 2 ? [] : [twoLeaders(`count(${of("vault_leader")} == 1) > 1`, forSeconds)]),
  ];
}

/** Seen with Vault 1.21.1: a leader that hung and lost its lead may go on answering as the active node. */
function twoLeaders(expr: string, forSeconds: number): Alert {
  return {
    alert: "VaultTwoLeaders",
    expr,
    forSeconds,
    severity: "critical",
    summary: "{{ $value }} Vault nodes call themselves the active one.",
    impact:
      "Requests that reach the one that does not lead fail: logins, refreshes and rotations, now and then.",
  };
}

/** Of the cluster as it sees itself. */
export function clusterAlerts(
  exported: Exported,
  { vault }: Pick<Settings, "vault">,
  nodes: readonly string[],
  forSeconds: number,
): readonly Alert[] {
  const contactSeconds = seconds(vault.autopilot?.lastContactThreshold ?? LAST_CONTACT);
  const of = (metric: string) => maxBy(BY_NODE, exported(metric));
  return [
    {
      alert: "VaultNoLeader",
      expr: [
        `max(${exported("vault_has_leader")}) == 0`,
        ...(nodes.length < 3 ? [] : [minority(exported, nodes)]),
      ].join(" or "),
      forSeconds,
      severity: "critical",
      summary: "Vault has no leader, or too few nodes to follow it.",
      impact: "Nobody can log in or read: no secret is refreshed, no key rotates. Pods keep what they have.",
    },
    {
      alert: "VaultRaftLag",
      expr: [
        `${of("vault_raft_lag_entries")} > ${TRAILING_ENTRIES}`,
        `${of("vault_raft_last_contact_seconds")} > ${contactSeconds}`,
        `${of("vault_raft_healthy")} == 0`,
      ].join(" or "),
      forSeconds,
      severity: "warning",
      summary: "The Vault node {{ $labels.node }} does not keep up with the leader.",
      impact:
        "If the leader fails now, this node cannot take over at once, or what was written last is lost with it.",
    },
  ];
}

/** A leader that has lost most of the others still calls itself active (seen with Vault 1.21.1), and answers nobody. */
function minority(exported: Exported, nodes: readonly string[]): string {
  const serving = `${maxBy(BY_NODE, exported("vault_sealed", { node: nodes }))} == 0`;
  return `count(${serving}) <= ${Math.floor(nodes.length / 2)}`;
}
