import { describe, expect, it } from "vitest";
import {
  operatorClusterRules,
  operatorNamespaceRules,
  type PolicyRule,
  tokenReviewRules,
  workloadNamespaceRules,
} from "../../../components/external-secrets/rbac.ts";

const WRITES = ["create", "update", "patch", "delete", "deletecollection"];
const everywhere = operatorClusterRules();
const all = [
  ...everywhere,
  ...operatorNamespaceRules(),
  ...workloadNamespaceRules(["vault-store"]),
  ...tokenReviewRules(),
];

/** The verbs that rules give on a resource, whatever its name. */
function verbs(rules: readonly PolicyRule[], resource: string): readonly string[] {
  return rules.filter(({ resources }) => resources.includes(resource)).flatMap((rule) => rule.verbs);
}

describe("every rule", () => {
  it("names its groups, resources and verbs, and never all of them", () => {
    for (const { apiGroups, resources, verbs: allowed } of all) {
      expect([...apiGroups, ...resources, ...allowed].join(" ")).not.toContain("*");
    }
  });

  it("gives no right to take on other rights", () => {
    const taken = all.flatMap(({ resources, verbs: allowed }) => [...resources, ...allowed]);
    for (const word of ["roles", "rolebindings", "clusterroles", "escalate", "bind", "impersonate", "pods"]) {
      expect(taken).not.toContain(word);
    }
  });
});

describe("what ESO may do in every namespace", () => {
  it("is to read", () => {
    expect(everywhere.flatMap((rule) => rule.verbs).filter((verb) => WRITES.includes(verb))).toEqual([]);
  });

  it("has no token of any service account in it, and of Secrets no more than the informer needs", () => {
    expect(verbs(everywhere, "serviceaccounts/token")).toEqual([]);
    expect(verbs(everywhere, "secrets")).toEqual(["list", "watch"]);
    expect(verbs(everywhere, "configmaps")).toEqual([]);
  });
});

describe("what ESO may do in a declared namespace", () => {
  const rules = workloadNamespaceRules(["the-store"]);

  it("is to ask for tokens of the store's service account and of no other", () => {
    expect(rules.filter(({ resources }) => resources.includes("serviceaccounts/token"))).toEqual([
      {
        apiGroups: [""],
        resources: ["serviceaccounts/token"],
        resourceNames: ["the-store"],
        verbs: ["create"],
      },
    ]);
  });

  it("is to keep Secrets and to say what became of them, but not to declare stores or ExternalSecrets", () => {
    expect(verbs(rules, "secrets")).toEqual(["get", "create", "update", "patch", "delete"]);
    expect(verbs(rules, "externalsecrets/status")).toEqual(["update", "patch"]);
    expect(verbs(rules, "externalsecrets")).not.toContain("create");
    expect(verbs(rules, "secretstores")).toEqual([]);
  });
});

it("changes only its own lease in its own namespace", () => {
  const leases = operatorNamespaceRules().filter(({ resources }) => resources.includes("leases"));
  expect(leases.map(({ resourceNames, verbs: allowed }) => [resourceNames, allowed])).toEqual([
    [undefined, ["create"]],
    [["external-secrets-controller"], ["get", "update", "patch"]],
  ]);
});

it("lets a store's service account have tokens reviewed, and nothing else", () => {
  expect(tokenReviewRules()).toEqual([
    { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] },
  ]);
});
