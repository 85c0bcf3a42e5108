import type { VaultClient } from "../../clients/vault.ts";

/** The roles and connections below database mounts, whether a stack still declares them or not; roles first. */
export async function databaseThingsIn(
  vault: VaultClient,
  mounts: readonly string[],
): Promise<readonly string[]> {
  const found = await Promise.all(
    ["static-roles", "roles", "config"].flatMap((kind) =>
      mounts.map(async (mount) =>
        ((await vault.list(`${mount}/${kind}`)) ?? []).map((name) => `${mount}/${kind}/${name}`),
      ),
    ),
  );
  return found.flat();
}
