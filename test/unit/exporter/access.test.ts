import { describe, expect, it } from "vitest";
import { accessDiff } from "../../../access/diff.ts";
import { filtered } from "../../../access/filter.ts";
import { managedInVault } from "../../../access/managed.ts";
import { accessMatrix } from "../../../access/matrix.ts";
import { deployerPolicy, missingInDeployerPolicy } from "../../../access/operators/deployer.ts";
import { operatorManifests } from "../../../access/operators/kubernetes.ts";
import { deployerClusterRules } from "../../../access/operators/kubernetes-rules.ts";
import { monitoringBindings, monitoringRules } from "../../../access/operators/monitoring.ts";
import { matrixMarkdown, matrixText } from "../../../cli/access/matrix-text.ts";
import type { Settings } from "../../../config/schema.ts";
import { declared } from "../config/declarations.ts";
import { unwatched, watched } from "./specs.ts";

const before = unwatched();
const dev = watched({}, declared("dev"));

/** What the admission policy of that name evaluates, as CEL. */
function conditionOf(settings: Settings, name: string): string {
  const policy = operatorManifests(settings).find(
    (one) => one.kind === "ValidatingAdmissionPolicy" && one.metadata.name === name,
  );
  const spec = policy?.spec as
    | { readonly validations: readonly { readonly expression: string }[] }
    | undefined;
  return spec?.validations[0]?.expression ?? "";
}

describe("a deployer", () => {
  it("may make the exporter's role, bound as declared, and its policy", () => {
    const managed = managedInVault(dev).filter(({ of }) => of === "the exporter");
    expect(managed.map(({ path }) => path)).toEqual([
      "auth/kubernetes/role/voyager-platform-vault-monitoring.exporter",
      "sys/policies/acl/voyager-platform.vault-monitoring.exporter",
    ]);
    expect(managed[0]).toMatchObject({
      allowed: {
        bound_service_account_names: [["vault-management-exporter"]],
        bound_service_account_namespaces: [["vault-monitoring"]],
      },
    });
    expect(managedInVault(before).filter(({ of }) => of === "the exporter")).toEqual([]);
  });

  it("is told when its policy is from before the exporter", () => {
    const missing = missingInDeployerPolicy(dev, deployerPolicy(before).document);
    expect(missing.map(({ of }) => of)).toContain("the exporter");
  });

  it("may write Deployments in the exporter's namespace, and there alone", () => {
    expect(
      monitoringBindings(dev).map(({ metadata, roleRef }) => [metadata.namespace, roleRef.name]),
    ).toEqual([
      ["vault-monitoring", "vault-management:dev:monitoring"],
      ["vault-monitoring", "vault-management:dev:monitoring-view"],
    ]);
    expect(monitoringBindings(before)).toEqual([]);
    expect(monitoringRules().some(({ resources }) => resources.includes("deployments"))).toBe(true);
    expect(deployerClusterRules(dev).some(({ resources }) => resources.includes("deployments"))).toBe(false);
  });

  it("may grant the exporter its own rights, and it alone", () => {
    const roles = conditionOf(dev, "vault-management-dev-operator-roles");
    expect(roles).toContain('"user/vault-management-exporter"');
    expect(roles).toContain(
      '{"kind":"ServiceAccount","name":"vault-management-exporter","namespace":"vault-monitoring"}',
    );
    expect(conditionOf(before, "vault-management-dev-operator-roles")).not.toContain(
      "vault-management-exporter",
    );
    expect(conditionOf(dev, "vault-management-dev-operator-namespaces")).toContain('"vault-monitoring"');
  });
});

describe("the matrix", () => {
  const matrix = accessMatrix(dev);

  it("shows what the exporter looks at, in text and as Markdown", () => {
    const text = matrixText(matrix);
    expect(text).toContain(
      "service account vault-monitoring/vault-management-exporter logs in as role voyager-platform-vault-monitoring.exporter",
    );
    expect(text).toContain("read on kv/metadata/llm/openai");
    expect(matrixMarkdown(matrix)).toContain("#### The exporter, which reads no value");
    expect(matrixText(accessMatrix(before))).not.toContain("exporter");
  });

  it("tells who looks at one path's metadata, or what a namespace's accounts do", () => {
    const [watcher] = filtered(matrix, { path: "llm/openai" }).watchers;
    expect(watcher?.grants.map(({ path }) => path)).toEqual(["kv/metadata/llm/openai"]);
    expect(filtered(matrix, { namespace: "vault-monitoring" }).watchers).toHaveLength(1);
    expect(filtered(matrix, { namespace: "llm" }).watchers).toEqual([]);
  });
});

describe("a diff", () => {
  const told = (was: Settings, is: Settings) =>
    accessDiff(was, is).map(({ risk, sentence }) => `${risk} ${sentence.text}`);

  it("tells that the exporter comes, what it may do, and that it goes", () => {
    const who = "vault-monitoring/vault-management-exporter";
    expect(told(before, dev)).toEqual(
      expect.arrayContaining([
        `wider service account ${who} may now log in`,
        `wider ${who} may now read kv/metadata/llm/openai`,
        `wider ${who} may now read, sudo sys/audit`,
      ]),
    );
    expect(told(dev, before)).toContain(`narrower service account ${who} may no longer log in`);
    expect(told(dev, dev)).toEqual([]);
  });
});
