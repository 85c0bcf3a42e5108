import { type VaultClient, VaultError } from "../../clients/vault.ts";
import type { Settings } from "../../config/schema.ts";
import { inParallel } from "../in-parallel.ts";

/** Quick for thousands of logins, and no burst on Vault. */
const AT_ONCE = 16;

/** A service account that logs in. */
export interface Account {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** An account with the entities that Vault has of it: one for each time that the account was made anew. */
export interface KnownAccount extends Account {
  readonly entities: readonly string[];
}

/** An alias as Vault has it: what a login left behind. */
export interface Alias {
  readonly entity: string;
  readonly name: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/**
 * The entities of service accounts, by what their logins left in Vault: nothing is asked of the cluster, which may be down.
 * An account that never logged in has none.
 */
export async function entitiesOf(
  client: VaultClient,
  settings: Pick<Settings, "vault">,
  accounts: readonly Account[],
): Promise<readonly KnownAccount[]> {
  return known(accounts, await aliasesOf(client, await mountAccessor(client, settings)));
}

/** Which alias is whose: the method `kubernetes` tells by metadata, `jwt` by the name, which is the token's `sub`. */
export function known(accounts: readonly Account[], aliases: readonly Alias[]): readonly KnownAccount[] {
  return accounts.map((account) => ({
    ...account,
    entities: [...new Set(aliases.filter((alias) => isOf(alias, account)).map(({ entity }) => entity))],
  }));
}

/** Vault's own name for the auth mount that the stack's workloads log in at. */
export async function mountAccessor(
  client: VaultClient,
  { vault }: Pick<Settings, "vault">,
): Promise<string> {
  const mounts = await client.read("sys/auth");
  const mount = mounts?.[`${vault.auth.mount}/`] as { readonly accessor?: unknown } | undefined;
  if (typeof mount?.accessor === "string") return mount.accessor;
  throw new Error(
    `Vault has no auth mount ${vault.auth.mount}: nobody logs in there yet. Deploy the stack first (pulumi up)`,
  );
}

function isOf({ name, metadata }: Alias, { namespace, serviceAccount }: Account): boolean {
  return (
    name === `system:serviceaccount:${namespace}:${serviceAccount}` ||
    (metadata.service_account_namespace === namespace && metadata.service_account_name === serviceAccount)
  );
}

/** What logins at a mount have left behind, by the mount's own name. */
export async function aliasesOf(client: VaultClient, accessor: string): Promise<readonly Alias[]> {
  const listed = await orNothing(() => client.request("LIST", "identity/entity-alias/id"));
  const all = Object.entries((listed?.data?.key_info ?? {}) as Readonly<Record<string, AliasInfo>>);
  const here = all.filter(([, { mount_accessor }]) => mount_accessor === accessor);
  return inParallel(here, AT_ONCE, async ([id, { canonical_id, name }]) => {
    const alias = await client.read(`identity/entity-alias/id/${id}`);
    const metadata = (alias?.metadata ?? {}) as Alias["metadata"];
    return { entity: canonical_id ?? "", name: name ?? "", metadata };
  });
}

interface AliasInfo {
  readonly canonical_id?: string;
  readonly mount_accessor?: string;
  readonly name?: string;
}

/** Vault answers 404 to a list of nothing. */
async function orNothing<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof VaultError && error.status === 404) return undefined;
    throw error;
  }
}
