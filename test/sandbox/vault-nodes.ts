import { VaultClient } from "../../clients/vault.ts";
import type { RunningSandbox } from "../../sandbox/sandbox.ts";

const HEALTH = { active: 200, standby: 429 } as const;

/** The name of a node that is this now, by its own health endpoint. */
export async function nodeThatIs(
  { vault: { nodes, caPem } }: Pick<RunningSandbox, "vault">,
  role: keyof typeof HEALTH,
): Promise<string> {
  for (const { name, address } of nodes) {
    const client = new VaultClient({ address, caPem });
    const { status } = await client.health().finally(() => client.close());
    if (status === HEALTH[role]) return name;
  }
  throw new Error(`no Vault node is ${role}`);
}
