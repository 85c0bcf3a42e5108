import { z } from "zod";
import type { VaultClient } from "../../clients/vault.ts";
import { type RootAccess, withRoot } from "./root.ts";
import { makeToken, type StoredToken, storedToken } from "./stored-token.ts";
import { undefinedWhileUnsettled } from "./unsettled.ts";

/** Vault tells nobody without a token which nodes vote; this one is for that question alone. */
const policy = "sandbox-peers";
const document = `
path "sys/storage/raft/configuration" { capabilities = ["read"] }
path "auth/token/lookup-self" { capabilities = ["read"] }
`;

const raftConfiguration = z.object({
  config: z.object({ servers: z.array(z.object({ node_id: z.string(), voter: z.boolean() })) }),
});

/** The token with which {@link votingPeers} asks; made where there is none that is still good. */
export async function peersToken(access: RootAccess, file: string): Promise<string> {
  const wanted: StoredToken = { file, displayName: policy, policies: [policy] };
  const held = await storedToken(access.vault, wanted);
  if (held !== undefined) return held;
  return withRoot(access, async (root) => {
    await root.write(`sys/policies/acl/${policy}`, { policy: document });
    return makeToken(root, wanted);
  });
}

/** The names of the nodes that vote; `undefined` while there is no leader to ask. */
export async function votingPeers(client: VaultClient): Promise<readonly string[] | undefined> {
  const data = await client.read("sys/storage/raft/configuration").catch(undefinedWhileUnsettled);
  if (data === undefined) return undefined;
  const { servers } = raftConfiguration.parse(data).config;
  return servers.filter((server) => server.voter).map((server) => server.node_id);
}
