import { describe, expect, it } from "vitest";
import { objectDifferences } from "../../../cli/drift/kubernetes/compare.ts";
import { holderOf } from "../../../cli/drift/kubernetes/managers.ts";

const binding = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "RoleBinding",
  metadata: { name: "reader", namespace: "llm", labels: { own: "yes" } },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
  subjects: [{ kind: "ServiceAccount", name: "external-secrets", namespace: "vault" }],
};

describe("what an object is against what is declared", () => {
  it("is no drift where servers and controllers have added to it", () => {
    const live = {
      ...binding,
      metadata: {
        ...binding.metadata,
        uid: "u",
        labels: { own: "yes", other: "x" },
        annotations: { a: "b" },
      },
      status: { phase: "there" },
    };
    expect(objectDifferences(binding, live)).toEqual([]);
  });

  it.each([
    ["a quantity in other words", { spec: { cpu: "1000m" } }, { spec: { cpu: "1" } }],
    [
      "a duration in other words",
      { spec: { refreshInterval: "1h" } },
      { spec: { refreshInterval: "1h0m0s" } },
    ],
    ["something empty that is left out", { spec: { ingress: [], flag: false } }, { spec: {} }],
    [
      "an annotation for Pulumi alone",
      { metadata: { annotations: { "pulumi.com/waitFor": "condition=Ready" } } },
      { metadata: {} },
    ],
  ])("is no drift: %s", (_, declared, live) => {
    expect(objectDifferences(declared, live)).toEqual([]);
  });

  it("shows of a list the entries that differ", () => {
    const more = { kind: "User", name: "mallory" };
    const live = { ...binding, subjects: [more, ...binding.subjects] };
    expect(objectDifferences(binding, live)).toEqual([
      { field: "subjects", found: '[{"kind":"User","name":"mallory"}]' },
    ]);
  });

  it("names a changed entry by its place, and a removed label", () => {
    const live = {
      ...binding,
      metadata: { name: "reader", namespace: "llm" },
      subjects: [{ kind: "ServiceAccount", name: "default", namespace: "vault" }],
    };
    expect(objectDifferences(binding, live)).toEqual([
      { field: "metadata.labels", declared: '{"own":"yes"}' },
      { field: "subjects[0].name", declared: "external-secrets", found: "default" },
    ]);
  });

  it("tells an empty value of a selector from one that was narrowed", () => {
    const declared = { spec: { podSelector: {} } };
    expect(objectDifferences(declared, { spec: { podSelector: {} } })).toEqual([]);
  });
});

it("tells who holds a field that differs", () => {
  const held = (manager: string, fieldsV1: object) => ({ manager, time: "2026-11-27T12:00:00Z", fieldsV1 });
  const edit = held("kubectl-edit", { "f:spec": { "f:refreshInterval": {} } });
  const first = held("pulumi", { "f:spec": { "f:data": {} } });
  const live = { metadata: { managedFields: [first, edit] } };
  expect(holderOf(live, "spec.refreshInterval")).toBe("kubectl-edit, 2026-11-27T12:00:00Z");
  expect(holderOf(live, "spec.data[0].secretKey")).toBe("pulumi, 2026-11-27T12:00:00Z");
});
