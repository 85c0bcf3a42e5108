import * as k8s from "@kubernetes/client-node";
import { declaredNamespaces } from "../../access/operators/admission.ts";
import {
  type ClusterLeftovers,
  clusterRoleBindingNames,
  clusterRoleNames,
} from "../../access/operators/kubernetes-rules.ts";
import { OWNER_LABEL } from "../../components/external-secrets/metadata.ts";
import type { Settings } from "../../config/schema.ts";

/** What of this stack stands in the cluster, by its label, and is declared no more: the next update removes it. */
export async function clusterLeftovers(
  config: k8s.KubeConfig,
  settings: Settings,
): Promise<ClusterLeftovers> {
  const { environment } = settings;
  const rbac = config.makeApiClient(k8s.RbacAuthorizationV1Api);
  const labelSelector = `${OWNER_LABEL}=${environment}`;
  const [owned, roles, clusterRoles, bindings] = await Promise.all([
    config.makeApiClient(k8s.CoreV1Api).listNamespace({ labelSelector }),
    rbac.listRoleForAllNamespaces({ labelSelector }),
    rbac.listClusterRole({ labelSelector }),
    rbac.listClusterRoleBinding({ labelSelector }),
  ]);
  const own = owned.items.map(({ metadata }) => metadata?.name);
  const declared = new Set(declaredNamespaces(settings));
  const undeclared = (names: readonly (string | undefined)[]) => without(names, declared);
  const named = ({ metadata }: k8s.KubernetesObject) => metadata?.name;
  return {
    ownNamespaces: undeclared(own),
    namespaces: undeclared([...own, ...roles.items.map(({ metadata }) => metadata?.namespace)]),
    clusterRoleBindings: without(bindings.items.map(named), new Set(clusterRoleBindingNames(settings))),
    clusterRoles: without(clusterRoles.items.map(named), new Set(clusterRoleNames(settings))),
  };
}

function without(names: readonly (string | undefined)[], declared: ReadonlySet<string>): readonly string[] {
  return [...new Set(names.filter((name) => name !== undefined))]
    .filter((name) => !declared.has(name))
    .toSorted();
}
