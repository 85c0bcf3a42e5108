import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../config/schema.ts";
import { admissionPolicies } from "./admission/policies.ts";

export interface AdmissionPoliciesArgs {
  readonly settings: Settings;
  /** ESO's, where this stack makes them: against definitions that are not there the API server checks no types. */
  readonly definitions: readonly pulumi.Resource[];
}

/** What the API server refuses on the stack's behalf: see admission/. */
export class AdmissionPolicies extends pulumi.ComponentResource {
  constructor(name: string, args: AdmissionPoliciesArgs, opts: pulumi.ComponentResourceOptions) {
    super("vault-management:external-secrets:AdmissionPolicies", name, {}, opts);
    for (const { policy, binding } of admissionPolicies(args.settings)) {
      const logicalName = policy.metadata.name;
      const made = new k8s.admissionregistration.v1.ValidatingAdmissionPolicy(logicalName, policy, {
        parent: this,
        dependsOn: [...args.definitions],
      });
      new k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding(logicalName, binding, {
        parent: this,
        dependsOn: [made],
      });
    }
    this.registerOutputs();
  }
}
