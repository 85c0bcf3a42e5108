import { z } from "zod";
import { type VaultClient, VaultError, withVault } from "../../clients/vault.ts";
import { readIfExists, writePrivate } from "../state.ts";

interface Vault {
  readonly address: string;
  readonly caPem: string;
}

/** A token of the sandbox's own, kept in a file, 0600. Its policies must let it look itself up. */
export interface StoredToken {
  readonly file: string;
  readonly displayName: string;
  readonly policies: readonly string[];
}

/** Vault's own limit (32 days), which it would put in the place of a longer one. */
const period = "768h";
/** What is left of a token that is still worth handing out, in seconds. */
const longEnough = 24 * 60 * 60;

const found = z.object({ policies: z.array(z.string()), ttl: z.number() });

/** The token in the file, if Vault still takes it, for a day at least, and it has exactly these policies. */
export async function storedToken(vault: Vault, wanted: StoredToken): Promise<string | undefined> {
  const token = await readIfExists(wanted.file);
  if (token === undefined) return undefined;
  try {
    const self = await withVault({ ...vault, token }, (client) => client.read("auth/token/lookup-self"));
    const { policies, ttl } = found.parse(self);
    const same = policies.toSorted().join() === wanted.policies.toSorted().join();
    return same && ttl >= longEnough ? token : undefined;
  } catch (error) {
    if (error instanceof VaultError && error.status === 403) return undefined;
    throw error;
  }
}

/** Makes the token anew, an orphan without the default policy, and revokes the one that the file held. */
export async function makeToken(root: VaultClient, wanted: StoredToken): Promise<string> {
  const before = await readIfExists(wanted.file);
  const { auth } = await root.write("auth/token/create-orphan", {
    policies: wanted.policies,
    no_default_policy: true,
    display_name: wanted.displayName,
    period,
  });
  const token = String(auth?.client_token);
  await writePrivate(wanted.file, token);
  // Vault answers 204 for a token that it does not know (any more).
  if (before !== undefined) await root.write("auth/token/revoke", { token: before });
  return token;
}
