import type {
  V1ConfigMap,
  V1Container,
  V1ContainerState,
  V1ContainerStatus,
  V1EnvFromSource,
  V1EnvVar,
  V1KeyToPath,
  V1Pod,
  V1PodStatus,
  V1Probe,
  V1Secret,
  V1Volume,
  V1VolumeMount,
} from "@kubernetes/client-node";

/**
 * A Kubernetes model as it is on the wire. The client library's models hold `Date`s, JSON holds strings.
 * Only the library's types are used here: loading its code alone takes more memory than the whole agent.
 */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Key in keyof T]: Wire<T[Key]> }
      : T;

export type ConfigMap = Wire<V1ConfigMap>;
export type Container = Wire<V1Container>;
export type ContainerState = Wire<V1ContainerState>;
export type ContainerStatus = Wire<V1ContainerStatus>;
export type EnvFromSource = Wire<V1EnvFromSource>;
export type EnvVar = Wire<V1EnvVar>;
export type KeyToPath = Wire<V1KeyToPath>;
export type Pod = Wire<V1Pod>;
export type PodStatus = Wire<V1PodStatus>;
export type Probe = Wire<V1Probe>;
export type Secret = Wire<V1Secret>;
export type Volume = Wire<V1Volume>;
export type VolumeMount = Wire<V1VolumeMount>;

/** What names a pod everywhere in the agent; a pod from the API always has all three. */
export type PodKey = { readonly namespace: string; readonly name: string; readonly uid: string };

/** The pod's namespace, name and uid. Throws when the object did not come from an API server. */
export function podKey(pod: Pod): PodKey {
  const { namespace, name, uid } = pod.metadata ?? {};
  if (namespace === undefined || name === undefined || uid === undefined) {
    throw new Error("a pod without namespace, name or uid cannot have come from the API server");
  }
  return { namespace, name, uid };
}
