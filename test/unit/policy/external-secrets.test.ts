import { describe, expect, it } from "vitest";
import { externalSecretsInComponents } from "../../../policy/rules/external-secrets.ts";
import { found, resource } from "./judged.ts";

const STORE = "kubernetes:external-secrets.io/v1:SecretStore";

function judge(type: string, parents: readonly string[] = [], props = {}): readonly string[] {
  const urn = `urn:pulumi:dev::test::${[...parents, type].join("$")}::name::with::colons`;
  return found(externalSecretsInComponents, resource(type, props, { urn }));
}

describe("external-secrets-in-components", () => {
  it.each([
    ["in a component of the project", ["vault-management:external-secrets:NamespaceSecrets"]],
    [
      "deeper in one",
      ["other:index:App", "vault-management:external-secrets:NamespaceSecrets", "other:index:Part"],
    ],
  ])("passes a store %s", (_where, parents) => {
    expect(judge(STORE, parents)).toEqual([]);
  });

  it.each([
    ["at the root", []],
    ["in another component", ["other:index:App"]],
    ["in a YAML file", ["kubernetes:yaml:ConfigFile"]],
    ["in a chart", ["kubernetes:helm.sh/v4:Chart"]],
    ["in a component that only sounds like it", ["vault-management-copy:index:App"]],
  ])("refuses a store %s", (_where, parents) => {
    expect(judge(STORE, parents)).toEqual([expect.stringContaining("outside vault-management's components")]);
  });

  it.each([
    "kubernetes:external-secrets.io/v1:ClusterSecretStore",
    "kubernetes:external-secrets.io/v1beta1:ExternalSecret",
    "kubernetes:external-secrets.io/v1:ExternalSecretPatch",
    "kubernetes:external-secrets.io/v1alpha1:PushSecret",
    "kubernetes:generators.external-secrets.io/v1alpha1:Password",
  ])("knows %s", (type) => {
    expect(judge(type)).toHaveLength(1);
  });

  it("knows one by its apiVersion, whatever its type", () => {
    expect(judge("kubernetes:example:Thing", [], { apiVersion: "external-secrets.io/v1" })).toHaveLength(1);
  });

  it.each([
    "kubernetes:core/v1:Secret",
    "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
    "kubernetes:notexternal-secrets.io/v1:Thing",
    "aws:secretsmanager/secret:Secret",
  ])("leaves %s alone", (type) => {
    expect(judge(type, [], { apiVersion: "v1" })).toEqual([]);
  });
});
