import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../config/schema.ts";
import { ownLabels } from "./metadata.ts";
import { operatorSubject, type PolicyRule } from "./rbac.ts";
import { releaseName } from "./values.ts";

type RightsSettings = Pick<Settings, "environment" | "externalSecrets">;

/** What ESO may do in one namespace, its own or a declared one: a Role, and the binding that gives it to ESO. */
export function operatorRightsIn(
  namespace: string,
  rules: PolicyRule[],
  { environment, externalSecrets }: RightsSettings,
  options: pulumi.CustomResourceOptions,
): readonly pulumi.Resource[] {
  const logicalName = `${namespace}/${releaseName}`;
  const metadata = { name: releaseName, namespace, labels: ownLabels(environment) };
  const role = new k8s.rbac.v1.Role(logicalName, { metadata, rules }, options);
  const binding = new k8s.rbac.v1.RoleBinding(
    logicalName,
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: metadata.name },
      subjects: [operatorSubject(externalSecrets)],
    },
    { ...options, dependsOn: [role] },
  );
  return [role, binding];
}
