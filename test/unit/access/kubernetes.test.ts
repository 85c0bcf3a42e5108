import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { operatorManifests, releaseBindings } from "../../../access/operators/kubernetes.ts";
import type { PolicyRule } from "../../../components/external-secrets/rbac.ts";
import type { Settings } from "../../../config/schema.ts";
import { anySettings, settingsOf, settingsWith } from "../arbitrary-settings.ts";

type Manifest = ReturnType<typeof operatorManifests>[number];

function named(manifests: readonly Manifest[], kind: string, name: string): Manifest | undefined {
  return manifests.find((one) => one.kind === kind && one.metadata.name === name);
}

function rulesOf(settings: Settings, operator: string): readonly PolicyRule[] {
  const name = `vault-management:${settings.environment}:${operator}`;
  return (named(operatorManifests(settings), "ClusterRole", name)?.rules ?? []) as readonly PolicyRule[];
}

const withOperators = anySettings.map((settings): Settings => ({ ...settings, ...operatorsOfDev() }));

function operatorsOfDev() {
  const { operators } = settingsOf("dev");
  return operators === undefined ? {} : { operators };
}

describe("the operators' manifests", () => {
  const dev = settingsOf("dev");

  it("are policies first, then a role and its binding for each declared operator", () => {
    expect(operatorManifests(dev).map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      "ValidatingAdmissionPolicy vault-management-dev-previewer-dry-run",
      "ValidatingAdmissionPolicyBinding vault-management-dev-previewer-dry-run",
      "ValidatingAdmissionPolicy vault-management-dev-operator-namespaces",
      "ValidatingAdmissionPolicyBinding vault-management-dev-operator-namespaces",
      "ValidatingAdmissionPolicy vault-management-dev-operator-roles",
      "ValidatingAdmissionPolicyBinding vault-management-dev-operator-roles",
      "ValidatingAdmissionPolicy vault-management-dev-break-glass-removals",
      "ValidatingAdmissionPolicyBinding vault-management-dev-break-glass-removals",
      "ValidatingAdmissionPolicy vault-management-dev-break-glass-resyncs",
      "ValidatingAdmissionPolicyBinding vault-management-dev-break-glass-resyncs",
      "ClusterRole vault-management:dev:release",
      "ClusterRole vault-management:dev:rotation",
      "ClusterRole vault-management:dev:rotation-view",
      "ClusterRole vault-management:dev:monitoring",
      "ClusterRole vault-management:dev:monitoring-view",
      "ClusterRole vault-management:dev:deployer",
      "ClusterRoleBinding vault-management:dev:deployer",
      "ClusterRole vault-management:dev:previewer",
      "ClusterRoleBinding vault-management:dev:previewer",
      "ClusterRole vault-management:dev:auditor",
      "ClusterRoleBinding vault-management:dev:auditor",
      "ClusterRole vault-management:dev:break-glass",
      "ClusterRoleBinding vault-management:dev:break-glass",
      "ClusterRole vault-management:dev:break-glass-restore",
      "ClusterRoleBinding vault-management:dev:break-glass-restore",
    ]);
  });

  it("are none where nobody is declared", () => {
    expect(operatorManifests(settingsWith(["operators"], undefined))).toEqual([]);
    expect(releaseBindings(settingsWith(["operators"], undefined))).toEqual([]);
  });

  it("hold the previewer to dry runs, and all of them to the declared namespaces", () => {
    const spec = (name: string) => named(operatorManifests(dev), "ValidatingAdmissionPolicy", name)?.spec;
    expect(spec("vault-management-dev-previewer-dry-run")).toMatchObject({
      failurePolicy: "Fail",
      matchConditions: [{ expression: '"vault-management:dev:previewer" in request.userInfo.groups' }],
      validations: [{ expression: "request.dryRun" }],
    });
    expect(spec("vault-management-dev-operator-namespaces")).toMatchObject({
      validations: [{ expression: 'request.namespace in ["vault","llm","user"]' }],
    });
  });

  it("hold what is granted to the program's own roles and rules, bound to the declared accounts", () => {
    const policy = named(
      operatorManifests(dev),
      "ValidatingAdmissionPolicy",
      "vault-management-dev-operator-roles",
    );
    const spec = policy?.spec as { readonly validations: unknown } | undefined;
    const expression = JSON.stringify(spec?.validations).replaceAll('\\"', '"');
    expect(expression).toContain(
      '{"vault-management:dev:external-secrets":"vault-management:dev:external-secrets","vault-management:dev:token-review:llm":"vault-management:dev:token-review",',
    );
    expect(expression).toContain(
      '"vault-management:dev:token-review:llm":[{"kind":"ServiceAccount","name":"vault-store","namespace":"llm"}]',
    );
    expect(expression).toContain('"resources":["serviceaccounts/token"],"resourceNames":["vault-store"]');
    expect(expression).not.toContain('"*"');
  });

  it("give the previewer the deployer's rights, but for admission policies, of which no dry run can be asked", () => {
    const about = (rules: readonly PolicyRule[]) =>
      rules.filter(({ apiGroups }) => apiGroups.includes("admissionregistration.k8s.io"));
    const [deployer, previewer] = [rulesOf(dev, "deployer"), rulesOf(dev, "previewer")];
    expect(previewer.filter((rule) => !about(previewer).includes(rule))).toEqual(
      deployer.filter((rule) => !about(deployer).includes(rule)),
    );
    expect(new Set(about(previewer).flatMap(({ verbs }) => verbs))).toEqual(
      new Set(["get", "list", "watch"]),
    );
  });

  it("let the deployer change the stack's own admission policies, and none that confines operators", () => {
    const changing = rulesOf(dev, "deployer").filter(
      ({ apiGroups, verbs }) => apiGroups.includes("admissionregistration.k8s.io") && verbs.includes("patch"),
    );
    expect(changing.length).toBe(2);
    for (const { resourceNames } of changing) {
      expect(resourceNames).toContain("vault-management-dev-stores");
      expect(resourceNames?.join()).not.toMatch(/operator|dry-run/);
    }
  });

  it("let the auditor ask for tokens of the declared service accounts, by name", () => {
    expect(rulesOf(dev, "auditor")).toContainEqual({
      apiGroups: [""],
      resources: ["serviceaccounts/token"],
      resourceNames: ["vault-store"],
      verbs: ["create"],
    });
  });

  describe("let break-glass", () => {
    const expressionOf = (name: string, settings: Settings = dev) => {
      const policy = named(operatorManifests(settings), "ValidatingAdmissionPolicy", name);
      const spec = policy?.spec as { readonly validations: readonly { readonly expression: string }[] };
      return spec.validations[0]?.expression ?? "";
    };

    it("remove the declared Secrets by name, without reading any, and look at what will stop", () => {
      expect(rulesOf(dev, "break-glass")).toEqual([
        { apiGroups: [""], resources: ["secrets"], resourceNames: ["openai-api-key"], verbs: ["delete"] },
        {
          apiGroups: ["external-secrets.io"],
          resources: ["externalsecrets", "secretstores"],
          verbs: ["get", "list"],
        },
        { apiGroups: [""], resources: ["serviceaccounts"], verbs: ["get", "list"] },
        { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
        { apiGroups: ["apps"], resources: ["deployments", "statefulsets", "daemonsets"], verbs: ["list"] },
      ]);
      expect(expressionOf("vault-management-dev-break-glass-removals")).toBe(
        'request.resource.resource == "secrets" && request.operation == "DELETE" && ' +
          '(request.namespace + "/" + request.name) in ["llm/openai-api-key"]',
      );
    });

    it("give back by an annotation of a declared ExternalSecret, whose spec and labels stay", () => {
      expect(rulesOf(dev, "break-glass-restore")).toEqual([
        { apiGroups: ["external-secrets.io"], resources: ["externalsecrets"], verbs: ["get", "list"] },
        {
          apiGroups: ["external-secrets.io"],
          resources: ["externalsecrets"],
          resourceNames: ["openai-api-key"],
          verbs: ["patch"],
        },
      ]);
      const expression = expressionOf("vault-management-dev-break-glass-resyncs");
      expect(expression).toContain('in ["llm/openai-api-key"]');
      expect(expression).toContain("object.spec == oldObject.spec");
      expect(expression).toContain("has(object.metadata.labels)");
    });

    it("remove nothing where nothing is declared: a rule without names would hold for all", () => {
      const none = settingsWith(["namespaces"], { user: { store: {} } });
      const rules = [...rulesOf(none, "break-glass"), ...rulesOf(none, "break-glass-restore")];
      const writing = rules.filter(({ verbs }) => verbs.includes("delete") || verbs.includes("patch"));
      expect([rules.length, writing]).toEqual([5, []]);
      expect(expressionOf("vault-management-dev-break-glass-removals", none)).toContain("in []");
    });
  });

  it("let the auditor see whether ESO runs and what it says of its objects, and change none of it", () => {
    const rules = rulesOf(dev, "auditor").filter(
      ({ resources }) => !resources.includes("serviceaccounts/token"),
    );
    expect(rules).toContainEqual({
      ...{ apiGroups: ["apps"], resources: ["deployments"], verbs: ["get"] },
      resourceNames: ["external-secrets"],
    });
    expect(rules).toContainEqual({ apiGroups: [""], resources: ["events"], verbs: ["list"] });
    expect(new Set(rules.flatMap(({ verbs }) => verbs))).toEqual(new Set(["get", "list"]));
  });

  it("take a user's name as well", () => {
    const settings = settingsWith(["operators", "kubernetes", "auditor"], {
      user: "system:serviceaccount:ci:auditor",
    });
    const binding = named(operatorManifests(settings), "ClusterRoleBinding", "vault-management:dev:auditor");
    expect(binding?.subjects).toEqual([
      { apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "system:serviceaccount:ci:auditor" },
    ]);
    const policy = named(
      operatorManifests(settings),
      "ValidatingAdmissionPolicy",
      "vault-management-dev-operator-namespaces",
    );
    expect(JSON.stringify(policy)).toContain(
      'request.userInfo.username == \\"system:serviceaccount:ci:auditor\\"',
    );
  });

  it("delete nothing that production keeps", () => {
    const rules = rulesOf(settingsOf("prod"), "deployer");
    for (const kept of ["namespaces", "customresourcedefinitions"]) {
      const verbs = rules.filter(({ resources }) => resources.includes(kept)).flatMap((rule) => rule.verbs);
      expect(verbs).toContain("patch");
      expect(verbs).not.toContain("delete");
    }
  });

  it("let the next update remove what an earlier declaration left", () => {
    const left = operatorManifests(dev, {
      namespaces: ["gone", "theirs"],
      ownNamespaces: ["gone"],
      clusterRoleBindings: ["vault-management:dev:token-review:gone"],
      clusterRoles: [],
    });
    const text = JSON.stringify(named(left, "ClusterRole", "vault-management:dev:deployer"));
    expect(text).toContain('"resourceNames":["vault","llm","user","gone"]');
    expect(text).toContain("token-review:gone");
    expect(JSON.stringify(left)).toContain('\\"gone\\",\\"theirs\\"]');
  });

  it("never reach Secrets or tokens of the whole cluster, nor hold a wildcard, for any declaration", () => {
    fc.assert(
      fc.property(withOperators, (settings) => {
        for (const operator of Object.keys(settings.operators?.kubernetes ?? {})) {
          const rules = rulesOf(settings, operator);
          expect(rules.length).toBeGreaterThan(0);
          for (const { apiGroups, resources, verbs, resourceNames } of rules) {
            expect([...apiGroups, ...resources, ...verbs]).not.toContain("*");
            if (resources.includes("secrets")) {
              expect([operator, ...verbs]).toEqual(["break-glass", "delete"]);
              expect(resourceNames?.length).toBeGreaterThan(0);
            }
            if (verbs.includes("bind")) expect(resourceNames?.length).toBeGreaterThan(0);
            if (resources.includes("serviceaccounts/token")) {
              expect(operator).toBe("auditor");
              expect(resourceNames?.length).toBeGreaterThan(0);
            }
          }
        }
      }),
    );
  });
});

it("releaseBindings gives rights on Helm's Secrets in the release's own namespace alone", () => {
  expect(releaseBindings(settingsOf("dev"))).toEqual([
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "external-secrets-operators", namespace: "vault" },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: "vault-management:dev:release",
      },
      subjects: ["deployer", "previewer"].map((who) => ({
        apiGroup: "rbac.authorization.k8s.io",
        kind: "Group",
        name: `vault-management:dev:${who}`,
      })),
    },
  ]);
  expect(releaseBindings(settingsWith(["externalSecrets", "mode"], "existing"))).toEqual([]);
});
