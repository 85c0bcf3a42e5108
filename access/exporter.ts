import { exporterOf } from "../components/monitoring/exporter/settings.ts";
import { exporterAccount, exporterGrants } from "../components/monitoring/exporter/vault-access.ts";
import type { ManagedPath, ManagedSettings } from "./managed.ts";
import type { Grant } from "./operators/document.ts";
import { roleDenials, roleParameters } from "./parameters.ts";

/** What the exporter logs in with: its role, bound as declared, and its policy. */
export function exporterInVault(settings: ManagedSettings): readonly ManagedPath[] {
  const exporter = exporterOf(settings);
  if (exporter === undefined) return [];
  const account = exporterAccount(settings, exporter);
  const of = "the exporter";
  return [
    {
      path: `auth/${settings.vault.auth.mount}/role/${account.roleName}`,
      capabilities: ["create", "read", "update", "delete"],
      allowed: roleParameters(settings, account),
      denied: roleDenials(settings),
      of,
    },
    ...account.tokenPolicies.map(
      (name): ManagedPath => ({
        path: `sys/policies/acl/${name}`,
        capabilities: ["read", "update", "delete"],
        of,
      }),
    ),
  ];
}

/** Somebody who looks at secrets' metadata and at Vault itself, and reads no value. */
export interface Watcher {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly role: string;
  readonly policies: readonly string[];
  /** All that it may do in Vault beside ending its own session, sorted by path. */
  readonly grants: readonly Grant[];
}

/** The exporter, where one is declared. */
export function watchersOf(settings: ManagedSettings): readonly Watcher[] {
  const exporter = exporterOf(settings);
  if (exporter === undefined) return [];
  const { roleName: role, serviceAccount, tokenPolicies: policies } = exporterAccount(settings, exporter);
  const grants = exporterGrants(settings, exporter).filter(({ path }) => !path.startsWith("auth/"));
  return [
    {
      namespace: exporter.namespace,
      serviceAccount,
      role,
      policies,
      grants: grants.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    },
  ];
}
