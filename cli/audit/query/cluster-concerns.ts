import type { Access, KubernetesObject } from "../../../audit/entry/access.ts";
import type { Settings } from "../../../config/schema.ts";

const CHANGES = ["create", "update", "patch", "delete", "deletecollection"];

/** Of which every request that {@link clusterConcerns} names has one in its entry. */
export const clusterTexts: readonly string[] = [
  '"rbac.authorization.k8s.io"',
  '"admissionregistration.k8s.io"',
  '"serviceaccounts"',
  '"pods"',
  '"apps"',
];

/**
 * What somebody does in the cluster who widens rights, lifts what admission refuses, or takes a workload's place: the
 * Kubernetes half of what is no everyday work. The cluster's own parts (`system:`) and ESO do it all the time.
 */
export function clusterConcerns(
  { who, operation, object }: Access,
  { namespace, serviceAccount }: Pick<Settings["externalSecrets"], "namespace" | "serviceAccount">,
): readonly string[] {
  const everyday = who.name.startsWith("system:") || who.name === `${namespace}/${serviceAccount}`;
  if (object === undefined || everyday || !CHANGES.includes(operation)) return [];
  const note = noteOn(object, operation, namespace);
  return note === undefined ? [] : [note];
}

function noteOn(
  { group, resource, subresource, namespace }: KubernetesObject,
  operation: string,
  operatorNamespace: string,
): string | undefined {
  if (group === "rbac.authorization.k8s.io") return "rights in the cluster changed";
  if (group === "admissionregistration.k8s.io") return "admission changed";
  if (group === "" && resource === "serviceaccounts") {
    return subresource === "token" && operation === "create" ? "token of a service account" : undefined;
  }
  if (group === "" && resource === "pods" && subresource !== undefined) return "into a pod";
  const workload = group === "apps" || (group === "" && resource === "pods");
  return workload && namespace === operatorNamespace ? "workload beside ESO changed" : undefined;
}
