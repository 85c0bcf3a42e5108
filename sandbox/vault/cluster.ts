import { rm } from "node:fs/promises";
import { z } from "zod";
import { type VaultClient, withVault } from "../../clients/vault.ts";
import { ensureProcess, type ProcessSpec, untilReady } from "../processes/start.ts";
import { until } from "../processes/until.ts";
import { readIfExists, readState, type SandboxPaths, writePrivate } from "../state.ts";
import type { VaultNode } from "./nodes.ts";
import { peersToken, votingPeers } from "./peers.ts";
import { revokeSelf } from "./root.ts";
import { undefinedWhileUnsettled } from "./unsettled.ts";

const deadlineMs = 60_000;
const initialised = z.object({ keys_base64: z.tuple([z.string()]), root_token: z.string() });
const sealStatus = z.object({ initialized: z.boolean(), sealed: z.boolean() });

/**
 * Starts what does not run of the three nodes, initialises the cluster at its first start, unseals every node,
 * revokes the root token of that, and waits until all are voting raft peers with a known leader. One unseal key, kept
 * in the state, 0600.
 */
export async function bringUpVault(
  paths: SandboxPaths,
  nodes: readonly VaultNode[],
  processes: readonly ProcessSpec[],
): Promise<void> {
  const caPem = await readState(paths.caFile);
  const first = nodes[0];
  const [firstProcess, ...otherProcesses] = processes;
  if (first === undefined || firstProcess === undefined) throw new Error("Vault needs at least one node.");
  if ((await readIfExists(paths.vaultUnsealKeyFile)) === undefined) {
    // The others look for a leader when they start, and again only after a pause: so the leader comes first.
    await ensureProcess(paths, firstProcess);
    await initialise(paths, first, caPem);
    await unseal(paths, first, caPem);
    await untilLeader(paths, first, caPem);
  }
  for (const spec of [firstProcess, ...otherProcesses]) await ensureProcess(paths, spec);
  await Promise.all(nodes.map((node) => unseal(paths, node, caPem)));
  await untilLeader(paths, first, caPem);
  await endInitialRoot(paths, first, caPem);
  await untilAllVote(paths, nodes, caPem);
}

/** Waits until requests pass through `address`, where the process `name` listens in front of the nodes. */
export async function untilServed(paths: SandboxPaths, name: string, address: string): Promise<void> {
  const caPem = await readState(paths.caFile);
  await untilLeader(paths, { name, address }, caPem);
}

async function initialise(paths: SandboxPaths, node: VaultNode, caPem: string): Promise<void> {
  await withClient({ address: node.address, caPem }, async (client) => {
    const status = await untilReady(paths, node.name, { deadlineMs }, () => readSealStatus(client));
    if (status.initialized) {
      throw new Error(
        `${node.name} is initialised, but ${paths.vaultUnsealKeyFile} is missing: its data cannot be opened. ` +
          "Start anew with `npm run sandbox -- reset`, then `up`.",
      );
    }
    const answer = await client.write("sys/init", { secret_shares: 1, secret_threshold: 1 });
    const { keys_base64, root_token } = initialised.parse(answer.body);
    // Kept until it is revoked: an `up` that is killed in between must not leave one that nobody can name.
    await writePrivate(paths.vaultInitialRootTokenFile, root_token);
    await writePrivate(paths.vaultUnsealKeyFile, keys_base64[0]);
  });
}

async function unseal(paths: SandboxPaths, node: VaultNode, caPem: string): Promise<void> {
  const key = await readState(paths.vaultUnsealKeyFile);
  await withClient({ address: node.address, caPem }, (client) =>
    untilReady(paths, node.name, { deadlineMs }, async () => {
      const status = await readSealStatus(client);
      if (status === undefined || !status.initialized) return undefined; // it has not found the leader yet
      if (!status.sealed) return true;
      // A node that joins takes the key while it still fetches the cluster's data, and fails meanwhile.
      await client.write("sys/unseal", { key }).catch(undefinedWhileUnsettled);
      return undefined;
    }),
  );
}

async function untilLeader(paths: SandboxPaths, node: VaultNode, caPem: string): Promise<void> {
  await withClient({ address: node.address, caPem }, (client) =>
    untilReady(paths, node.name, { deadlineMs }, () =>
      // Answered by the leader itself, through whichever node is asked: so this also shows that requests pass.
      client.read("sys/internal/ui/mounts").catch(undefinedWhileUnsettled),
    ),
  );
}

/** Nothing is done with the root token that comes with the cluster: who needs one makes it (root.ts). */
async function endInitialRoot(paths: SandboxPaths, node: VaultNode, caPem: string): Promise<void> {
  const token = await readIfExists(paths.vaultInitialRootTokenFile);
  if (token === undefined) return;
  await withClient({ address: node.address, caPem, token }, (client) =>
    untilReady(paths, node.name, { deadlineMs }, () => revokeSelf(client)),
  );
  await rm(paths.vaultInitialRootTokenFile);
}

async function untilAllVote(paths: SandboxPaths, nodes: readonly VaultNode[], caPem: string): Promise<void> {
  const [first] = nodes;
  if (first === undefined) return;
  const vault = { address: first.address, caPem };
  const token = await peersToken({ paths, vault }, paths.vaultPeersTokenFile);
  await withClient({ ...vault, token }, (client) =>
    until("all Vault nodes were voting raft peers", { deadlineMs, intervalMs: 200 }, async () => {
      const voters = await votingPeers(client);
      return nodes.every((node) => voters?.includes(node.name)) ? true : undefined;
    }),
  );
}

/** `undefined` while the node does not listen yet. */
async function readSealStatus(client: VaultClient): Promise<z.infer<typeof sealStatus> | undefined> {
  try {
    return sealStatus.parse((await client.request("GET", "sys/seal-status")).body);
  } catch (error) {
    return undefinedWhileUnsettled(error);
  }
}

async function withClient<T>(
  connection: { readonly address: string; readonly caPem: string; readonly token?: string },
  work: (client: VaultClient) => Promise<T>,
): Promise<T> {
  return withVault({ ...connection, timeoutMs: 5_000 }, work);
}
