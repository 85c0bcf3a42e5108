import type { Finding, Raft, VaultNode } from "../document.ts";
import { type Context, runbook } from "./context.ts";

/** What is wrong with the nodes, one by one, and with the cluster that they make. */
export function vaultFindings(
  nodes: readonly VaultNode[],
  raft: Raft | null,
  context: Context,
): readonly Finding[] {
  const serves = nodes.some(({ state }) => state === "active" || state === "standby");
  const severity = serves ? "warning" : "critical";
  return [
    ...nodes.flatMap((node) => nodeFinding(node, severity, context)),
    ...leaderFinding(nodes, raft, context),
    ...strayLeaders(nodes, raft, context),
    ...(raft === null ? [] : raftFindings(nodes, raft, context)),
  ];
}

function nodeFinding(node: VaultNode, severity: Finding["severity"], context: Context): readonly Finding[] {
  const { name, address, state, why } = node;
  const about = { area: "vault", severity, subject: name, since: null } as const;
  switch (state) {
    case "active":
    case "standby":
      return [];
    case "sealed":
      return [
        {
          ...about,
          severity: "critical",
          text: `Vault node ${name} is sealed: it answers no request`,
          next: [`vault operator unseal -address=${address}`],
          runbook: runbook(context, "VaultSealed"),
        },
      ];
    default:
      return [
        {
          ...about,
          text: `Vault node ${name} ${state === "uninitialised" ? "is not initialised" : "does not serve"}${why === null ? "" : `: ${why}`}`,
          next: [`vault status -address=${address}`],
          runbook: runbook(context, "VaultNodeDown"),
        },
      ];
  }
}

/** Behind one address a standby may answer for all: only autopilot knows the leader there. */
function leaderFinding(nodes: readonly VaultNode[], raft: Raft | null, context: Context): readonly Finding[] {
  const active = nodes.some(({ state }) => state === "active");
  const standby = nodes.some(({ state }) => state === "standby");
  if (active || !standby || (raft !== null && raft.leader !== null)) return [];
  return [
    {
      area: "vault",
      severity: "critical",
      subject: "leader",
      text: "Vault has no leader: nothing can be read or written until the nodes have elected one",
      since: null,
      next: ["vault operator raft list-peers"],
      runbook: runbook(context, "VaultNoLeader"),
    },
  ];
}

/** Seen with Vault 1.21.1: a leader that hung and lost its lead goes on answering as the active node, and fails what it is asked. */
function strayLeaders(nodes: readonly VaultNode[], raft: Raft | null, context: Context): readonly Finding[] {
  const active = nodes.filter(({ state }) => state === "active");
  if (active.length < 2) return [];
  const stray = active.filter(({ name }) => name !== raft?.leader);
  const known = stray.length < active.length;
  return [
    {
      area: "vault",
      severity: "critical",
      subject: "leader",
      text:
        `${active.map(({ name }) => name).join(", ")} all call themselves the active node: ` +
        `${known ? `raft's leader is ${raft?.leader}` : "one of them leads"}, and requests that reach another fail`,
      since: null,
      next: known
        ? stray.map(({ name }) => `restart Vault on ${name}`)
        : ["vault operator raft list-peers", "restart Vault on those that it does not call leader"],
      runbook: runbook(context, "VaultTwoLeaders"),
    },
  ];
}

/** What the nodes did not say themselves. */
function raftFindings(nodes: readonly VaultNode[], raft: Raft, context: Context): readonly Finding[] {
  const serving = nodes.filter(({ state }) => state === "active" || state === "standby");
  const told = nodes.filter((node) => !serving.includes(node)).map(({ name }) => name);
  const unhealthy = raft.servers.filter(({ name, healthy }) => !healthy && !told.includes(name));
  return unhealthy.map(({ name, lagEntries, lastContact }) => ({
    area: "raft" as const,
    severity: "warning" as const,
    subject: name,
    text: `raft peer ${name} is unhealthy: ${lagEntries} entries behind, last contact ${lastContact || "never"}`,
    since: null,
    next: ["vault operator raft autopilot state"],
    runbook: runbook(context, "VaultRaftLag"),
  }));
}

/** With one device alone Vault stops answering when that fails; and a declared one that is missing. */
export function auditFindings(found: readonly string[], context: Context): readonly Finding[] {
  const { cluster, auditDevices } = context.settings.vault;
  const declared = cluster === "managed" ? Object.keys(auditDevices) : [];
  const missing = declared.filter((name) => !found.includes(name));
  if (missing.length === 0 && found.length >= 2) return [];
  const text = [
    `${found.length === 0 ? "no audit device is" : `${found.length} audit device(s) are`} enabled${found.length < 2 ? ", fewer than two" : ""}`,
    ...(missing.length === 0 ? [] : [`declared and not there: ${missing.join(", ")}`]),
  ].join("; ");
  return [
    {
      area: "audit",
      severity: found.length < 2 ? "critical" : "warning",
      subject: "audit devices",
      text,
      since: null,
      next: ["vault audit list -detailed"],
      runbook: runbook(context, "AuditDevicesTooFew"),
    },
  ];
}
