import { rotationAccount } from "../components/rotation/vault-access.ts";
import type { ManagedPath, ManagedSettings } from "./managed.ts";
import { roleDenials, roleParameters } from "./parameters.ts";

/** What each rotator logs in with: its role, bound as declared, and its policy. Neither slot is among it: only rotators write those. */
export function rotationInVault(settings: ManagedSettings): readonly ManagedPath[] {
  const { rotation } = settings;
  if (rotation === undefined) return [];
  return rotation.keys.flatMap((key): readonly ManagedPath[] => {
    const of = `rotation of ${key.name}`;
    const account = rotationAccount(settings, rotation, key);
    return [
      {
        path: `auth/${settings.vault.auth.mount}/role/${account.roleName}`,
        capabilities: ["create", "read", "update", "delete"],
        allowed: roleParameters(settings, account),
        denied: roleDenials(settings),
        of,
      },
      // Whether the admin credential is there; not what it is.
      ...(key.admin === undefined
        ? []
        : [
            {
              path: `${key.admin.mount}/subkeys/${key.admin.path}`,
              capabilities: ["read"],
              of,
            } satisfies ManagedPath,
          ]),
      ...account.tokenPolicies.map(
        (name): ManagedPath => ({
          path: `sys/policies/acl/${name}`,
          capabilities: ["read", "update", "delete"],
          of,
        }),
      ),
    ];
  });
}
