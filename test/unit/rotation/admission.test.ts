import { describe, expect, it } from "vitest";
import { deployerClusterRules } from "../../../access/operators/kubernetes-rules.ts";
import { admissionPolicies } from "../../../components/external-secrets/admission/policies.ts";
import type { Settings } from "../../../config/schema.ts";
import { settingsOf } from "../arbitrary-settings.ts";
import { rotating } from "./declarations.ts";

const NAME = "vault-management-dev-rotators";
const restart = [{ namespace: "llm", kind: "Deployment", name: "gateway" }];
const dev = rotating({ "openai-llm": { restart } });

function policyOf(settings: Settings) {
  return admissionPolicies(settings).find(({ policy }) => policy.metadata.name === NAME);
}

describe("the policy that holds rotators to restarts", () => {
  it("is made where some key names workloads, and nowhere else", () => {
    expect(policyOf(dev)?.binding.spec).toEqual({ policyName: NAME, validationActions: ["Deny", "Audit"] });
    expect(policyOf(rotating())).toBeUndefined();
    expect(policyOf(settingsOf("dev"))).toBeUndefined();
  });

  it("judges whatever a rotator's account writes of workloads, and nobody else's requests", () => {
    const spec = policyOf(dev)?.policy.spec;
    expect(spec?.failurePolicy).toBe("Fail");
    expect(spec?.matchConditions).toEqual([
      {
        name: "by-a-rotator",
        expression: 'request.userInfo.username.startsWith("system:serviceaccount:vault-rotation:rotate-")',
      },
    ]);
    expect(spec?.matchConstraints.resourceRules).toEqual([
      {
        ...{ apiGroups: ["apps"], apiVersions: ["v1"], scope: "Namespaced" },
        resources: ["deployments", "statefulsets", "daemonsets"],
        operations: ["CREATE", "UPDATE"],
      },
    ]);
  });

  it("binds the declared deployer's rotators too: no rule of it is open to anybody", () => {
    const validations = policyOf(dev)?.policy.spec.validations ?? [];
    expect(validations.map(({ expression }) => expression)).toEqual(["size(variables.changed) == 0"]);
  });

  it("may be written by a deployer, and removed where nothing restarts any more", () => {
    for (const settings of [dev, settingsOf("dev")]) {
      const named = deployerClusterRules(settings).filter(({ resourceNames }) =>
        resourceNames?.includes(NAME),
      );
      expect(named.map(({ resources }) => resources)).toEqual([
        ["validatingadmissionpolicies"],
        ["validatingadmissionpolicybindings"],
      ]);
    }
  });
});
