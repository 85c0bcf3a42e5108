import type { Access, Identity, KubernetesObject } from "../../../audit/entry/access.ts";
import type { Settings } from "../../../config/schema.ts";

const CHANGES = ["create", "update", "patch", "delete", "deletecollection"];

/**
 * Controllers of kube-controller-manager that change what {@link clusterConcerns} names, by their service accounts in kube-system.
 * Source: Kubernetes' bootstrap policy, system:controller:*.
 */
const CONTROLLERS: readonly string[] = [
  "clusterrole-aggregation-controller",
  "daemon-set-controller",
  "deployment-controller",
  "device-taint-eviction-controller",
  "disruption-controller",
  "generic-garbage-collector",
  "horizontal-pod-autoscaler",
  "job-controller",
  "namespace-controller",
  "node-controller",
  "pod-garbage-collector",
  "replicaset-controller",
  "replication-controller",
  "resource-claim-controller",
  "statefulset-controller",
  "taint-eviction-controller",
  "validatingadmissionpolicy-status-controller",
];

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
 * Kubernetes half of what is no everyday work. The cluster's own parts and ESO do it all the time.
 */
export function clusterConcerns(
  { who, operation, object }: Access,
  { namespace, serviceAccount }: Pick<Settings["externalSecrets"], "namespace" | "serviceAccount">,
): readonly string[] {
  const everyday = isClusterPart(who) || isAccount(who, `${namespace}/${serviceAccount}`);
  if (object === undefined || everyday || !CHANGES.includes(operation)) return [];
  const note = noteOn(object, operation, namespace);
  return note === undefined ? [] : [note];
}

/**
 * A user of the cluster's own (`system:`), or a controller. Those have no pods, so a controller's token from a pod is somebody
 * else's; and every other service account of kube-system is one that an add-on or a person may run.
 */
function isClusterPart(who: Identity): boolean {
  if (CONTROLLERS.some((name) => isAccount(who, `kube-system/${name}`))) return who.pod === undefined;
  const { kind, name, impersonatedBy } = who;
  return (
    kind === "kubernetes user" &&
    name.startsWith("system:") &&
    name !== "system:anonymous" &&
    impersonatedBy === undefined
  );
}

/** The service account itself: neither a user who is named alike nor somebody who acts as it. */
function isAccount({ kind, name, impersonatedBy }: Identity, account: string): boolean {
  return kind === "service account" && name === account && impersonatedBy === undefined;
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
