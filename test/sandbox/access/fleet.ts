import { CoreV1Api, KubeConfig, RbacAuthorizationV1Api } from "@kubernetes/client-node";
import { inParallel } from "../../../cli/in-parallel.ts";
import { tokenReviewBindingName, tokenReviewRoleName } from "../../../components/external-secrets/rbac.ts";
import { servicePolicies } from "../../../components/vault/policies.ts";
import { kubernetesRole, storeAccount } from "../../../components/vault/roles.ts";
import type { NamespaceSettings, Settings } from "../../../config/schema.ts";
import { applyVault } from "../../../sandbox/engine/direct/vault-resource.ts";
import type { Edit, Ground } from "../main-job/ground.ts";

/** Few enough to leave Vault's leader its lead on a busy machine. */
const AT_ONCE = 4;

/** `size` namespaces of four services, of which every second is isolated by service. */
export function fleet(size: number): Edit {
  return Object.fromEntries(
    Array.from({ length: size }, (_, number) => [`fleet-${number}`, fleetNamespace(number)]),
  );
}

function fleetNamespace(number: number): Edit {
  const services = Array.from({ length: 4 }, (_, service) => [
    `service-${service}`,
    { secrets: { [`secret-${service}`]: { data: { key: `fleet-${number}/service-${service}#value` } } } },
  ]);
  return { isolation: number % 2 === 0 ? "namespace" : "service", services: Object.fromEntries(services) };
}

/**
 * What the program makes for the fleet's logins, of the program's own generators: policies and roles in Vault, service
 * accounts and their right to a review in Kubernetes. No SecretStore or ExternalSecret: nobody but the check logs in.
 */
export async function makeFleet(ground: Ground, settings: Settings): Promise<void> {
  const { core, rbac } = apis(ground);
  await inParallel(namespacesOf(settings), AT_ONCE, async (namespace) => {
    await core.createNamespace({ body: { metadata: { name: namespace.name } } });
    for (const { serviceAccount: name } of namespace.stores) {
      await core.createNamespacedServiceAccount({
        namespace: namespace.name,
        body: { metadata: { name } },
      });
    }
    await rbac.createClusterRoleBinding({ body: reviewBinding(settings, namespace) });
    await makeInVault(ground, settings, namespace);
  });
}

export async function removeFleet(ground: Ground, settings: Settings): Promise<void> {
  const { core, rbac } = apis(ground);
  await inParallel(namespacesOf(settings), AT_ONCE, async (namespace) => {
    await core.deleteNamespace({ name: namespace.name });
    await rbac.deleteClusterRoleBinding({ name: reviewBinding(settings, namespace).metadata.name });
    for (const store of namespace.stores) {
      const { roleName } = kubernetesRole(settings, storeAccount(settings, namespace, store));
      await ground.vault.delete(`auth/${settings.vault.auth.mount}/role/${roleName}`);
    }
    for (const { name } of servicePolicies(settings.vault.auth.rolePrefix, namespace)) {
      await ground.vault.delete(`sys/policies/acl/${name}`);
    }
  });
}

async function makeInVault(
  { vault }: Ground,
  settings: Settings,
  namespace: NamespaceSettings,
): Promise<void> {
  const { mount, rolePrefix } = settings.vault.auth;
  for (const { name, document } of servicePolicies(rolePrefix, namespace)) {
    await applyVault(vault, "vault:index/policy:Policy", { name, policy: document });
  }
  for (const store of namespace.stores) {
    const role = kubernetesRole(settings, storeAccount(settings, namespace, store));
    await applyVault(vault, "vault:kubernetes/authBackendRole:AuthBackendRole", { ...role, backend: mount });
  }
}

function reviewBinding({ environment }: Settings, { name: namespace, stores }: NamespaceSettings) {
  return {
    metadata: { name: tokenReviewBindingName(environment, namespace) },
    roleRef: {
      apiGroup: "rbac.authorization.k8s.io",
      kind: "ClusterRole",
      name: tokenReviewRoleName(environment),
    },
    subjects: stores.map(({ serviceAccount: name }) => ({ kind: "ServiceAccount", name, namespace })),
  };
}

function namespacesOf({ namespaces }: Settings): readonly NamespaceSettings[] {
  return namespaces.filter(({ name }) => name.startsWith("fleet-"));
}

function apis({ sandbox }: Ground) {
  const config = new KubeConfig();
  config.loadFromFile(sandbox.kubernetes.kubeconfigs.admin);
  return { core: config.makeApiClient(CoreV1Api), rbac: config.makeApiClient(RbacAuthorizationV1Api) };
}
