import { type ObjectRef, refOf } from "../../../clients/kubernetes.ts";
import type { KubernetesClient } from "./kubernetes-client.ts";
import { ownerLabel } from "./kubernetes-resource.ts";

/**
 * What is removed, in this order: an ExternalSecret has a finalizer that the
 * running operator takes away, and needs its store for it; the namespace goes when nothing of ours is left in it, and the
 * kinds last.
 */
const order: readonly (readonly [apiVersion: string, kind: string])[] = [
  ["external-secrets.io/v1", "ExternalSecret"],
  ["generators.external-secrets.io/v1alpha1", "VaultDynamicSecret"],
  ["external-secrets.io/v1", "SecretStore"],
  ["rbac.authorization.k8s.io/v1", "RoleBinding"],
  ["rbac.authorization.k8s.io/v1", "Role"],
  ["rbac.authorization.k8s.io/v1", "ClusterRoleBinding"],
  ["rbac.authorization.k8s.io/v1", "ClusterRole"],
  ["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"],
  ["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"],
  ["v1", "ServiceAccount"],
  ["v1", "Namespace"],
  ["apiextensions.k8s.io/v1", "CustomResourceDefinition"],
];

/** What the rotators' namespace has besides; a deployer may list it there alone, where it is before all else of a key's. */
const ofRotators: typeof order = [
  ["batch/v1", "CronJob"],
  ["monitoring.coreos.com/v1", "PrometheusRule"],
  ["v1", "ConfigMap"],
];

/** As above, in the exporter's. */
const ofExporter: typeof order = [
  ["apps/v1", "Deployment"],
  ["v1", "Service"],
  ["v1", "ConfigMap"],
];

const deletionTimeoutMs = 60_000;

/**
 * Deletes the objects that this engine made for a stack and that the stack no longer declares.
 * @param owner the stack's environment
 * @param declared the objects that are, as {@link objectKey} writes them
 * @returns what was deleted
 */
export async function pruneKubernetes(
  kubernetes: KubernetesClient,
  owner: string,
  declared: ReadonlySet<string>,
): Promise<readonly ObjectRef[]> {
  const deleted: ObjectRef[] = [];
  // With the last key, or the exporter, goes the namespace, and all that is in it.
  const rotators = namespacesOf("CronJob", declared);
  const exporters = namespacesOf("Deployment", declared);
  const places = [
    ...rotators.flatMap((namespace) => ofRotators.map((kind) => [...kind, namespace] as const)),
    ...exporters.flatMap((namespace) => ofExporter.map((kind) => [...kind, namespace] as const)),
    ...order.map((kind) => [...kind, undefined] as const),
  ];
  for (const [apiVersion, kind, namespace] of places) {
    const objects = await kubernetes.list(apiVersion, kind, {
      labels: { [ownerLabel]: owner },
      ...(namespace === undefined ? {} : { namespace }),
    });
    const undeclared = objects.map(refOf).filter((ref) => !declared.has(objectKey(ref)));
    await Promise.all(undeclared.map((ref) => kubernetes.delete(ref, deletionTimeoutMs)));
    deleted.push(...undeclared);
  }
  return deleted;
}

function namespacesOf(kind: string, declared: ReadonlySet<string>): readonly string[] {
  const found = [...declared].filter((key) => key.startsWith(`${kind} `));
  return [...new Set(found.map((key) => key.slice(kind.length + 1).split("/")[0] ?? ""))];
}

/** An object as a text: kind, namespace and name. */
export function objectKey(ref: ObjectRef): string {
  return `${ref.kind} ${ref.namespace ?? ""}/${ref.name}`;
}
