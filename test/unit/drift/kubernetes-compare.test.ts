import { describe, expect, it } from "vitest";
import { objectDifferences } from "../../../cli/drift/kubernetes/compare.ts";
import { addedFields, holderOf } from "../../../cli/drift/kubernetes/managers.ts";

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

describe("what somebody has added", () => {
  const secret = {
    apiVersion: "external-secrets.io/v1",
    kind: "ExternalSecret",
    metadata: { name: "key", namespace: "llm" },
    spec: { refreshInterval: "1h", data: [{ secretKey: "a" }] },
  };
  const held = (manager: string, fieldsV1: object, subresource?: string) => ({
    manager,
    time: "2026-11-27T12:00:00Z",
    fieldsV1,
    ...(subresource === undefined ? {} : { subresource }),
  });
  const own = held("pulumi", { "f:spec": { "f:refreshInterval": {}, "f:data": {} } });
  const live = (managedFields: readonly object[], spec: object = {}) => ({
    ...secret,
    metadata: { ...secret.metadata, managedFields },
    spec: { ...secret.spec, ...spec },
  });

  it("is nothing where the API server has filled in its defaults, which nobody holds", () => {
    expect(addedFields(secret, live([own], { refreshPolicy: "Periodic" }))).toEqual([]);
  });

  it("is a field that a person holds, with the person's tool and the time", () => {
    const edit = held("kubectl-edit", { "f:spec": { "f:dataFrom": {} } });
    expect(addedFields(secret, live([own, edit], { dataFrom: [{ extract: { key: "x" } }] }))).toEqual([
      {
        field: "spec.dataFrom",
        found: '[{"extract":{"key":"x"}}]',
        by: "kubectl-edit, 2026-11-27T12:00:00Z",
      },
    ]);
  });

  it("is not the state, nor what stands in metadata", () => {
    const status = held("external-secrets", { "f:status": { "f:conditions": {} } }, "status");
    const note = held("kubectl", { "f:metadata": { "f:annotations": { "f:force-sync": {} } } });
    expect(addedFields(secret, live([own, status, note]))).toEqual([]);
  });

  it("tells who holds a field that differs", () => {
    const edit = held("kubectl-edit", { "f:spec": { "f:refreshInterval": {} } });
    const first = held("pulumi", { "f:spec": { "f:data": {} } });
    expect(holderOf(live([first, edit]), "spec.refreshInterval")).toBe("kubectl-edit, 2026-11-27T12:00:00Z");
    expect(holderOf(live([first, edit]), "spec.data[0].secretKey")).toBe("pulumi, 2026-11-27T12:00:00Z");
  });
});
