import { type VaultClient, VaultError } from "../clients/vault.ts";

/** What stands at a path of Vault; nothing where the token may not read it, which its missing capability reports. */
export async function readIfAllowed(
  client: VaultClient,
  path: string,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await client.read(path)) ?? {};
  } catch (error) {
    if (error instanceof VaultError && error.status === 403) return {};
    throw error;
  }
}
