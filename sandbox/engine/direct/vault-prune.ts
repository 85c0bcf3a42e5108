import type { VaultClient } from "../../../clients/vault.ts";
import { fieldsOf } from "./values.ts";

/** What of one stack may be removed from Vault: only what its own names or description mark as its own. */
export interface VaultOwnership {
  /** Begins the names of the stack's policies (`<prefix>.`) and roles (`<prefix>-`). */
  readonly rolePrefix: string;
  /** The description of the stack's own auth mounts. */
  readonly description: string;
}

/**
 * Deletes the stack's policies, roles and auth mounts that are no longer declared. KV mounts hold what cannot be made
 * again and are left alone.
 * @param declared the Vault paths of everything that is declared, as {@link applyVault} gives them
 * @returns the paths that were deleted
 */
export async function pruneVault(
  vault: VaultClient,
  ownership: VaultOwnership,
  declared: ReadonlySet<string>,
): Promise<readonly string[]> {
  const policies = ((await vault.list("sys/policies/acl")) ?? [])
    .filter((name) => name.startsWith(`${ownership.rolePrefix}.`))
    .map((name) => `sys/policies/acl/${name}`);
  const mounts = await authMounts(vault, ownership.description);
  const roles = (
    await Promise.all(mounts.map((mount) => rolesOf(vault, mount, ownership.rolePrefix)))
  ).flat();
  const undeclared = [...roles, ...mounts.map((mount) => `sys/auth/${mount}`), ...policies].filter(
    (path) => !declared.has(path),
  );
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
