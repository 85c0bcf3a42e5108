import type { Settings } from "../../../config/schema.ts";
import { rotatorsPolicies } from "../../rotation/admission.ts";
import { dynamicSecretsPolicy } from "./dynamic-secrets.ts";
import { DYNAMIC_SECRET, externalSecretsPolicy } from "./external-secrets.ts";
import { clusterKindsPolicy, kindsPolicy } from "./kinds.ts";
import { bindingManifest, type policyManifest } from "./policy.ts";
import { storesPolicy } from "./stores.ts";

type Policy = ReturnType<typeof policyManifest>;

/**
 * What the API server refuses on the stack's behalf, of ESO's kinds and of rotators, each policy with its binding. The namespaced ones hold
 * in the declared namespaces alone, so that stacks of one cluster do not meet; cluster-wide kinds are refused by the
 * stack that manages ESO. Who lets every VaultDynamicSecret in (`admission.allow`) has none of them confined.
 */
export function admissionPolicies(
  settings: Settings,
): readonly { readonly policy: Policy; readonly binding: ReturnType<typeof bindingManifest> }[] {
  const { namespaces, externalSecrets } = settings;
  const policies = [
    ...(namespaces.length > 0
      ? [
          storesPolicy(settings),
          externalSecretsPolicy(settings),
          ...(externalSecrets.admission.allow.includes(DYNAMIC_SECRET)
            ? []
            : [dynamicSecretsPolicy(settings)]),
          kindsPolicy(settings),
        ]
      : []),
    ...(externalSecrets.mode === "managed" ? [clusterKindsPolicy(settings)] : []),
    ...rotatorsPolicies(settings),
  ];
  return policies.map((policy) => ({ policy, binding: bindingManifest(policy) }));
}
