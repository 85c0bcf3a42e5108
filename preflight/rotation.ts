import type { VaultClient } from "../clients/vault.ts";
import { type Problem, pathText } from "../config/problems.ts";
import type { RotationKey } from "../config/rotation-settings.ts";
import type { Settings } from "../config/schema.ts";
import { fields } from "./fields.ts";
import { readUnlessRefused } from "./read-if-allowed.ts";

/**
 * Admin credentials that are not where the declaration says: the first rotation would fail for it, perhaps in a week. Where
 * the mount is still to be made nobody could have put one.
 * @param mounts as Vault lists them at `sys/mounts`
 */
export async function rotationProblems(
  client: VaultClient,
  { rotation, environment }: Pick<Settings, "rotation" | "environment">,
  mounts: Readonly<Record<string, unknown>>,
): Promise<readonly Problem[]> {
  const keys = (rotation?.keys ?? []).filter(
    ({ admin }) => admin !== undefined && `${admin.mount}/` in mounts,
  );
  const problems = await Promise.all(keys.map((key) => adminProblem(client, key, environment)));
  return problems.filter((problem) => problem !== undefined);
}

async function adminProblem(
  client: VaultClient,
  { name, admin }: RotationKey,
  environment: string,
): Promise<Problem | undefined> {
  if (admin === undefined) return undefined;
  const secret = await readUnlessRefused(client, `${admin.mount}/subkeys/${admin.path}`);
  const properties = Object.keys(fields(secret?.subkeys));
  if (secret === undefined || properties.includes(admin.property)) return undefined;
  const place = `${admin.mount}/${admin.path}`;
  return {
    path: pathText(["rotation", "keys", name, "admin"]),
    found:
      properties.length === 0
        ? `nothing at ${place} in Vault, or its newest version is deleted`
        : `${place} with ${properties.toSorted().join(", ")}, and without ${admin.property}`,
    allowed: "a credential that may create, list and revoke keys at the provider",
    fix: `make one there, and put it: npm run secrets -- put ${admin.path} -p ${admin.property} --stack ${environment}`,
  };
}
