import { z } from "zod";
import { type VaultClient, type VaultConnection, withVault } from "../../../clients/vault.ts";
import { explained } from "../../secrets/kv.ts";
import type { Raft } from "../document.ts";
import { type Seen, seen } from "../seen.ts";

/** Milliseconds for one request: a person waits. */
const TIMEOUT_MS = 5_000;

/** Asks Vault something; where it cannot be asked at all, every answer says why. */
export type Ask = <T>(look: (client: VaultClient) => Promise<T>) => Promise<Seen<T>>;

/** Works with one connection for all questions. */
export async function withAsking<T>(
  vault: Seen<VaultConnection>,
  work: (ask: Ask) => Promise<T>,
): Promise<T> {
  if ("unseen" in vault) return work(async () => vault);
  return withVault({ ...vault.found, timeoutMs: TIMEOUT_MS }, (client) =>
    work((look) => seen(() => look(client))),
  );
}

const raftServer = z.object({
  healthy: z.boolean(),
  last_contact: z.string().default(""),
  last_index: z.number(),
});

const autopilotState = z.object({
  healthy: z.boolean(),
  failure_tolerance: z.number(),
  leader: z.string().default(""),
  voters: z.array(z.string()).nullable().default([]),
  servers: z.record(z.string(), raftServer),
});

const RAFT = "sys/storage/raft/autopilot/state";
const AUDIT = "sys/audit";

/** How the raft peers stand, as autopilot sees them. */
export async function raftState(client: VaultClient): Promise<Raft> {
  const { healthy, failure_tolerance, leader, voters, servers } = autopilotState.parse(
    await readAt(client, RAFT),
  );
  const ahead = servers[leader]?.last_index ?? 0;
  return {
    healthy,
    leader: leader === "" ? null : leader,
    voters: voters?.length ?? 0,
    failureTolerance: failure_tolerance,
    servers: Object.entries(servers).map(([name, server]) => ({
      name,
      healthy: server.healthy,
      lastContact: server.last_contact,
      lagEntries: Math.max(0, ahead - server.last_index),
    })),
  };
}

/** Names of the enabled audit devices, sorted. */
export async function auditDevices(client: VaultClient): Promise<readonly string[]> {
  const devices = await readAt(client, AUDIT);
  return Object.keys(devices)
    .map((path) => path.replace(/\/$/, ""))
    .sort();
}

/** @throws Error that names the capability where the token lacks it */
async function readAt(client: VaultClient, path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { data } = await client.request("GET", path);
    return data ?? {};
  } catch (error) {
    throw explained(error, "read", path);
  }
}
