import { certificateRolesIn } from "../../../cli/bootstrap/certificate-roles.ts";
import { databaseThingsIn } from "../../../cli/bootstrap/database-things.ts";
import type { VaultClient } from "../../../clients/vault.ts";
import { fieldsOf } from "../../../resources/values.ts";

/** What of one stack may be removed from Vault: only what its own names or description mark as its own. */
export interface VaultOwnership {
  /** Begins the names of the stack's policies (`<prefix>.`) and roles (`<prefix>-`). */
  readonly rolePrefix: string;
  /** The auth mount that the stack declares. */
  readonly authMount: string;
  /** The mount that the stack declares for certificates, if it does. */
  readonly pkiMount?: string;
  /** The mounts that the stack declares for databases. */
  readonly databaseMounts: readonly string[];
  /** The description of the stack's own auth mounts. */
  readonly description: string;
}

/**
 * The policies, roles and auth mounts in Vault that are the stack's. KV mounts hold what cannot be made again and are not
 * among them.
 * @param vault as the auditor: a deployer has no need to list, since Pulumi's engine has a state
 * @returns their paths, roles before their mounts
 */
export async function ownedInVault(
  vault: VaultClient,
  ownership: VaultOwnership,
): Promise<readonly string[]> {
  const policies = ((await vault.list("sys/policies/acl")) ?? [])
    .filter((name) => name.startsWith(`${ownership.rolePrefix}.`))
    .map((name) => `sys/policies/acl/${name}`);
  const mounts = await authMounts(vault, ownership.description);
  const roles = mounts.includes(ownership.authMount)
    ? await rolesOf(vault, ownership.authMount, ownership.rolePrefix)
    : []; // those of another mount go with it
  const { pkiMount, rolePrefix } = ownership;
  const certificates = pkiMount === undefined ? [] : await certificateRolesIn(vault, [pkiMount], rolePrefix);
  const databases = await databaseThingsIn(vault, ownership.databaseMounts);
  return [
    ...roles,
    ...certificates,
    ...databases,
    ...mounts.map((mount) => `sys/auth/${mount}`),
    ...policies,
  ];
}

/**
 * Deletes what is the stack's own and no longer declared.
 * @param owned as {@link ownedInVault} gives it
 * @param declared the Vault paths of everything that is declared, as {@link applyVault} gives them
 * @returns the paths that were deleted
 */
export async function pruneVault(
  vault: VaultClient,
  owned: readonly string[],
  declared: ReadonlySet<string>,
): Promise<readonly string[]> {
  const undeclared = owned.filter((path) => !declared.has(path));
  for (const path of undeclared) await vault.delete(path);
  return undeclared;
}

async function authMounts(vault: VaultClient, description: string): Promise<readonly string[]> {
  const mounts = (await vault.read("sys/auth")) ?? {};
  return Object.entries(mounts)
    .filter(([, mount]) => fieldsOf(mount).description === description)
    .map(([path]) => path.replace(/\/$/, ""));
}

async function rolesOf(vault: VaultClient, mount: string, rolePrefix: string): Promise<readonly string[]> {
  const names = (await vault.list(`auth/${mount}/role`)) ?? [];
  return names
    .filter((name) => name.startsWith(`${rolePrefix}-`))
    .map((name) => `auth/${mount}/role/${name}`);
}
