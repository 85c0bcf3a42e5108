import { describe, expect, it } from "vitest";
import { accessDiff } from "../../../access/diff.ts";
import { filtered } from "../../../access/filter.ts";
import { managedInVault } from "../../../access/managed.ts";
import { accessMatrix } from "../../../access/matrix.ts";
import { deployerPolicy, missingInDeployerPolicy } from "../../../access/operators/deployer.ts";
import { operatorManifests } from "../../../access/operators/kubernetes.ts";
import { previewerPolicy } from "../../../access/operators/previewer.ts";
import { probesOf } from "../../../access/probes.ts";
import { matrixMarkdown, matrixText } from "../../../cli/access/matrix-text.ts";
import type { PolicyRule } from "../../../components/external-secrets/rbac.ts";
import { rotationPolicy } from "../../../components/rotation/vault-access.ts";
import type { Settings } from "../../../config/schema.ts";
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
      "kv/subkeys/platform/openai-admin",
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

describe("the matrix", () => {
  const matrix = accessMatrix(dev);

  it("shows what a rotator reads and writes, in text and as Markdown", () => {
    const text = matrixText(matrix);
    expect(text).toContain(
      "service account vault-rotation/rotate-openai-llm logs in as role voyager-platform-vault-rotation.openai-llm",
    );
    expect(text).toContain("create, read, update on kv/data/rotation/openai-llm");
    expect(text).toContain("read on kv/data/platform/openai-admin");
    expect(matrixMarkdown(matrix)).toContain("#### Rotation of `openai-llm`");
  });

  it("has the grants of the policy's text, but for the end of the session", () => {
    const { rotation } = dev;
    const key = rotation?.keys[0];
    if (rotation === undefined || key === undefined) throw new Error("no rotation");
    const granted = grantsOf(rotationPolicy(dev, rotation, key).document);
    const shown = matrix.rotators.flatMap(({ grants }) => grants);
    expect(granted).toEqual(
      expect.arrayContaining(shown.map(({ path, capabilities }) => ({ path, capabilities }))),
    );
    expect(granted).toHaveLength(shown.length + 1);
  });

  it("tells who writes one path, or a namespace's", () => {
    const [rotator] = filtered(matrix, { path: "llm/openai" }).rotators;
    expect(rotator?.grants.map(({ path }) => path)).toEqual(["kv/data/llm/openai"]);
    expect(filtered(matrix, { path: "kv/platform/openai-admin" }).rotators).toHaveLength(1);
    expect(filtered(matrix, { namespace: "vault-rotation" }).rotators).toHaveLength(1);
    expect(filtered(matrix, { namespace: "llm" }).rotators).toEqual([]);
  });

  it("has a live check look whether a workload gets at a staged key or an admin credential", () => {
    const [llm] = matrix.logins;
    if (llm === undefined) throw new Error("no login");
    const beyond = probesOf(matrix, llm).filter(({ kind }) => kind === "beyond");
    expect(beyond.map(({ path }) => path)).toEqual(
      expect.arrayContaining(["kv/data/rotation/openai-llm", "kv/data/platform/openai-admin"]),
    );
  });
});

describe("a diff", () => {
  const told = (before: Settings, after: Settings) =>
    accessDiff(before, after).map(({ risk, sentence }) => `${risk} ${sentence.text}`);

  it("tells that a rotator comes, what it may do, and that it goes", () => {
    const came = told(settingsOf("dev"), dev);
    expect(came).toContain("wider service account vault-rotation/rotate-openai-llm may now log in");
    expect(came).toContain(
      "wider vault-rotation/rotate-openai-llm may now create, read, update kv/data/llm/openai",
    );
    expect(told(dev, settingsOf("dev"))).toEqual(
      came.map((one) => one.replace("wider", "narrower").replace("may now", "may no longer")),
    );
    expect(told(dev, dev)).toEqual([]);
  });

  it("tells of another admin credential, and nothing of another schedule", () => {
    const admin = rotating({ "openai-llm": { admin: "platform/other#api_key" } });
    expect(told(dev, admin)).toEqual([
      "wider vault-rotation/rotate-openai-llm may now read kv/data/platform/other",
      "narrower vault-rotation/rotate-openai-llm may no longer read kv/data/platform/openai-admin",
    ]);
    expect(told(dev, rotating({ "openai-llm": { schedule: "0 4 * * 2" } }))).toEqual([]);
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

  it("keep the right to remove the last rotation, and may give it to nobody where nothing rotates", () => {
    const manifests = operatorManifests(settingsOf("dev"));
    const about = manifests.filter((one) => JSON.stringify(one).includes(":rotation"));
    expect(about.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      "ClusterRole vault-management:dev:rotation",
      "ClusterRole vault-management:dev:rotation-view",
    ]);
  });
});
