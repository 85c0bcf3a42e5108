import type { VaultClient } from "../../clients/vault.ts";

/** The roles of a stack in PKI mounts, whether it still declares them or not. */
export async function certificateRolesIn(
  vault: VaultClient,
  mounts: readonly string[],
  rolePrefix: string,
): Promise<readonly string[]> {
  const roles = await Promise.all(
    mounts.map(async (mount) =>
      ((await vault.list(`${mount}/roles`)) ?? [])
        .filter((name) => name.startsWith(`${rolePrefix}-`))
        .map((name) => `${mount}/roles/${name}`),
    ),
  );
  return roles.flat();
}
