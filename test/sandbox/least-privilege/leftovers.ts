import {
  AdmissionregistrationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  RbacAuthorizationV1Api,
} from "@kubernetes/client-node";
import type { VaultClient } from "../../../clients/vault.ts";
import { until } from "../../../sandbox/processes/until.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import { authMounts, type StackName } from "./declared.ts";

/** Removes what a stack has in Vault, its operators' policies included. */
export async function removeFromVault(vault: VaultClient, stack: Exclude<StackName, "dev">): Promise<void> {
  await vault.delete(`sys/auth/${authMounts[stack]}`);
  await vault.delete(`sys/mounts/kv-${stack}`);
  const prefixes = [`vault-management.${stack}.`, `voyager-platform-${stack}.`];
  for (const name of (await vault.list("sys/policies/acl")) ?? []) {
    if (prefixes.some((prefix) => name.startsWith(prefix))) await vault.delete(`sys/policies/acl/${name}`);
  }
}

/**
 * Removes a stack's namespaces, as the administrator: a production deployer may not. The ExternalSecrets go first, while
 * ESO still has the rights to take their finalizers away.
 */
export async function removeNamespaces(sandbox: RunningSandbox, names: readonly string[]): Promise<void> {
  const config = adminConfig(sandbox);
  const core = config.makeApiClient(CoreV1Api);
  const objects = config.makeApiClient(CustomObjectsApi);
  const kind = { group: "external-secrets.io", version: "v1", plural: "externalsecrets" };
  for (const namespace of names) {
    await objects.deleteCollectionNamespacedCustomObject({ ...kind, namespace });
    await until(`no ExternalSecret was left in ${namespace}`, { deadlineMs: 30_000 }, async () => {
      const { items } = (await objects.listNamespacedCustomObject({ ...kind, namespace })) as {
        readonly items: readonly unknown[];
      };
      return items.length === 0 ? true : undefined;
    });
    await core.deleteNamespace({ name: namespace });
  }
}

/** Removes the cluster-wide objects of an environment, by their names: roles, admission policies, and the bindings of both. */
export async function removeFromCluster(sandbox: RunningSandbox, environment: string): Promise<void> {
  const config = adminConfig(sandbox);
  const rbac = config.makeApiClient(RbacAuthorizationV1Api);
  const admission = config.makeApiClient(AdmissionregistrationV1Api);
  const own = (listed: { readonly items: readonly { readonly metadata?: { readonly name?: string } }[] }) =>
    listed.items
      .map(({ metadata }) => metadata?.name ?? "")
      .filter((name) => new RegExp(`^vault-management[:-]${environment}[:-]`).test(name));
  for (const name of own(await admission.listValidatingAdmissionPolicyBinding())) {
    await admission.deleteValidatingAdmissionPolicyBinding({ name });
  }
  for (const name of own(await admission.listValidatingAdmissionPolicy())) {
    await admission.deleteValidatingAdmissionPolicy({ name });
  }
  for (const name of own(await rbac.listClusterRoleBinding())) await rbac.deleteClusterRoleBinding({ name });
  for (const name of own(await rbac.listClusterRole())) await rbac.deleteClusterRole({ name });
}

function adminConfig({ kubernetes }: RunningSandbox): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(kubernetes.kubeconfigs.admin);
  return config;
}
