import { type VaultClient, VaultError } from "../clients/vault.ts";

/** What stands at a path of Vault; nothing where the token may not read it, which its missing capability reports. */
export async function readIfAllowed(
  client: VaultClient,
  path: string,
): Promise<Readonly<Record<string, unknown>>> {
  return (await readUnlessRefused(client, path)) ?? {};
}

/** What is there, which may be nothing; `undefined` where the token may not look, which its missing capability reports. */
export async function readUnlessRefused(
  client: VaultClient,
  path: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    return (await client.read(path)) ?? {};
  } catch (error) {
    if (error instanceof VaultError && error.status === 403) return undefined;
    throw error;
  }
}
