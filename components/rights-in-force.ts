import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** Resolves once whoever deploys may make a NetworkPolicy in that namespace, which all rights hold that a stack gives itself. */
export type RightsInForce = (namespace: string) => Promise<void>;

/**
 * What to depend on for whatever takes the rights of a binding that has just been made: API servers follow one a moment
 * after it was written, each in its own time, and refuse until then.
 */
export function inForce(
  binding: k8s.rbac.v1.RoleBinding,
  namespace: string,
  rightsInForce: RightsInForce | undefined,
): pulumi.Input<pulumi.Resource> {
  if (rightsInForce === undefined) return binding;
  return binding.id.apply(async () => {
    await rightsInForce(namespace);
    return binding;
  });
}
