import { describe, expect, it } from "vitest";
import { managedInVault } from "../../../access/managed.ts";
import { deployerPolicy, missingInDeployerPolicy } from "../../../access/operators/deployer.ts";
import { operatorManifests } from "../../../access/operators/kubernetes.ts";
import { previewerPolicy } from "../../../access/operators/previewer.ts";
import type { PolicyRule } from "../../../components/external-secrets/rbac.ts";
import { grantsOf } from "../../../policy/rules/grants.ts";
import { settingsOf } from "../arbitrary-settings.ts";
import { rotating } from "./declarations.ts";

const dev = rotating();
const ROLE = "auth/kubernetes/role/voyager-platform-vault-rotation.openai-llm";

function named(kind: string, name: string) {
  return operatorManifests(dev).find((one) => one.kind === kind && one.metadata.name === name);
}

function rulesOf(name: string): readonly PolicyRule[] {
  return (named("ClusterRole", name)?.rules ?? []) as readonly PolicyRule[];
}

/** What an admission policy evaluates, as CEL. */
function conditionOf(name: string): string {
  const spec = named("ValidatingAdmissionPolicy", name)?.spec as
    | { readonly validations: readonly { readonly expression: string }[] }
    | undefined;
  return spec?.validations[0]?.expression ?? "";
}

describe("a deployer, in Vault", () => {
  it("may make the rotator's role, bound as declared, and its policy; it reads neither slot", () => {
    const managed = managedInVault(dev).filter(({ of }) => of === "rotation of openai-llm");
    expect(managed.map(({ path }) => path)).toEqual([
      ROLE,
      "sys/policies/acl/voyager-platform.vault-rotation.openai-llm",
    ]);
    expect(managed[0]).toMatchObject({
      allowed: {
        bound_service_account_names: [["rotate-openai-llm"]],
        bound_service_account_namespaces: [["vault-rotation"]],
        token_policies: [["voyager-platform.vault-rotation.openai-llm"]],
      },
      denied: { audience: [""] },
    });
    const paths = grantsOf(deployerPolicy(dev).document).map(({ path }) => path);
    expect(paths.filter((path) => path.includes("/data/"))).toEqual([]);
    expect(grantsOf(previewerPolicy(dev).document).map(({ path }) => path)).not.toContain(ROLE);
  });

  it("is told when its policy is from before the rotation", () => {
    const before = deployerPolicy(settingsOf("dev")).document;
    expect(missingInDeployerPolicy(dev, before).map(({ of }) => of)).toContain("rotation of openai-llm");
  });
});

describe("operators, in the cluster", () => {
  it("write CronJobs and their program in the rotators' namespace alone", () => {
    const everywhere = rulesOf("vault-management:dev:deployer").flatMap(({ resources }) => resources);
    for (const resource of ["cronjobs", "jobs", "configmaps", "pods", "prometheusrules"]) {
      expect(everywhere).not.toContain(resource);
    }
    expect(rulesOf("vault-management:dev:rotation").flatMap(({ resources }) => resources)).toContain(
      "cronjobs",
    );
    const view = rulesOf("vault-management:dev:rotation-view");
    expect(new Set(view.flatMap(({ verbs }) => verbs))).toEqual(new Set(["get", "list"]));
    expect(conditionOf("vault-management-dev-operator-namespaces")).toContain('"vault-rotation"');
  });

  it("may give these rights, and the rotators theirs, to those whom they are for", () => {
    const deployer = rulesOf("vault-management:dev:deployer");
    const bind = deployer.filter(({ verbs }) => verbs.includes("bind")).flatMap((rule) => rule.resourceNames);
    expect(bind).toEqual(
      expect.arrayContaining([
        "rotate-openai-llm",
        "vault-management:dev:rotation",
        "vault-management:dev:rotation-view",
      ]),
    );
    const condition = conditionOf("vault-management-dev-operator-roles");
    expect(condition).toContain('"llm/rotate-openai-llm":[{"apiGroups":["external-secrets.io"]');
    expect(condition).toContain('"vault-rotation/rotate-openai-llm":[{"apiGroups":[""]');
    expect(condition).toContain('object.roleRef.name in ["rotate-openai-llm"]');
    expect(condition).toContain(
      '"vault-management:dev:token-review:vault-rotation":[{"kind":"ServiceAccount","name":"rotate-openai-llm","namespace":"vault-rotation"}]',
    );
  });

  it("have nothing there where nothing rotates", () => {
    const names = operatorManifests(settingsOf("dev")).map(({ metadata }) => metadata.name);
    expect(names.filter((name) => name.includes("rotation"))).toEqual([]);
  });
});
