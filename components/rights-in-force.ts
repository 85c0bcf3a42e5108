import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config/schema.ts";
import { ownLabels } from "./external-secrets/metadata.ts";

/** Resolves once whoever deploys may make a NetworkPolicy in that namespace, which all rights hold that a stack gives itself. */
export type RightsInForce = (namespace: string) => Promise<void>;

export interface OperatorsRightsArgs {
  readonly settings: Pick<Settings, "environment">;
  /** See StackArgs. */
  readonly rightsInForce?: RightsInForce;
}

/** Gives a stack's operators rights in a namespace. */
interface Binding {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly roleRef: k8s.types.input.rbac.v1.RoleRef;
  readonly subjects: k8s.types.input.rbac.v1.Subject[];
}

/**
 * Makes bindings that give the operators their rights where the stack has made a namespace, and gives what to depend on for
 * whatever takes these rights: API servers follow a binding a moment after it was written, each in its own time, and refuse
 * until then.
 */
export function operatorsRights(
  bindings: readonly Binding[],
  { settings, rightsInForce }: OperatorsRightsArgs,
  options: pulumi.CustomResourceOptions,
): pulumi.Input<pulumi.Resource>[] {
  return bindings.map(({ metadata, roleRef, subjects }) => {
    const binding = new k8s.rbac.v1.RoleBinding(
      `${metadata.namespace}/${metadata.name}`,
      { metadata: { ...metadata, labels: ownLabels(settings.environment) }, roleRef, subjects },
      options,
    );
    return inForce(binding, metadata.namespace, rightsInForce);
  });
}

function inForce(
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
