import { expect, it } from "vitest";
import { deployerClusterRules } from "../../../access/operators/kubernetes-rules.ts";
import { admissionPolicies } from "../../../components/external-secrets/admission/policies.ts";
import { dynamicSecretManifest, generatorsOf } from "../../../components/external-secrets/dynamic-secret.ts";
import {
  engineRequests,
  externalSecretManifests,
} from "../../../components/external-secrets/external-secret.ts";
import { NamespaceSecrets } from "../../../components/external-secrets/namespace-secrets.ts";
import { operatorClusterRules } from "../../../components/external-secrets/rbac.ts";
import { createProviders } from "../../../components/providers.ts";
import type { Settings } from "../../../config/schema.ts";
import { settingsOf, settingsWith } from "../arbitrary-settings.ts";
import { creds, issue, withGenerators } from "../generators.ts";
import { recordResources } from "../pulumi-mocks.ts";
import { esoSchemas } from "./crd-validation.ts";

const VDS = "kubernetes:generators.external-secrets.io/v1alpha1:VaultDynamicSecret";
const ES = "kubernetes:external-secrets.io/v1:ExternalSecret";
const dev = settingsOf("dev");

function llmOf(settings: Settings) {
  const [llm] = settings.namespaces;
  if (llm === undefined) throw new Error("no namespace");
  return llm;
}

function manifestsOf(settings: Settings) {
  const namespace = llmOf(settings);
  return generatorsOf(namespace).map(({ store, generator }) =>
    dynamicSecretManifest(settings, namespace, store, generator, "voyager-platform-llm"),
  );
}

it("asks one path of the declared Vault, as the store's own service account, with every default written out", () => {
  expect(manifestsOf(withGenerators(dev, creds))).toEqual([
    {
      apiVersion: "generators.external-secrets.io/v1alpha1",
      kind: "VaultDynamicSecret",
      metadata: { name: "orders-report", namespace: "llm", labels: expect.anything() },
      spec: {
        method: "GET",
        path: "database/creds/orders-report",
        resultType: "Data",
        allowEmptyResponse: false,
        provider: {
          server: "https://vault.voyager.internal",
          version: "v2",
          auth: {
            kubernetes: {
              mountPath: "kubernetes",
              role: "voyager-platform-llm",
              serviceAccountRef: { name: "vault-store", audiences: expect.arrayContaining(["vault"]) },
            },
          },
        },
      },
    },
  ]);
});

it("is what ESO's own schema takes, by both methods of login, and so is its ExternalSecret", async () => {
  const schemas = await esoSchemas();
  const auth = { ...dev.vault.auth, method: "jwt" as const };
  for (const settings of [dev, { ...dev, vault: { ...dev.vault, auth } }]) {
    const declared = withGenerators(settings, { ...creds, keyPrefix: "a_" }, issue);
    for (const manifest of [
      ...manifestsOf(declared),
      ...externalSecretManifests(declared, llmOf(declared)),
    ]) {
      const valid = schemas[manifest.kind];
      expect(valid?.(JSON.parse(JSON.stringify(manifest))), JSON.stringify(valid?.errors)).toBe(true);
    }
  }
});

it("is referred to by its ExternalSecret, which changes when it does", () => {
  const manifest = (...generators: Parameters<typeof withGenerators>[1][]) =>
    externalSecretManifests(dev, llmOf(withGenerators(dev, ...generators)))[0];
  const ref = (name: string) => ({
    sourceRef: {
      generatorRef: {
        apiVersion: "generators.external-secrets.io/v1alpha1",
        kind: "VaultDynamicSecret",
        name,
      },
    },
  });
  const both = manifest(creds, { ...issue, keyPrefix: "b_" });
  expect(both?.spec.dataFrom).toEqual([
    ref("orders-report"),
    { ...ref("web-tls"), rewrite: [{ regexp: { source: "^(.*)$", target: "b_$1" } }] },
  ]);
  const annotation = (one: typeof both) => one?.metadata.annotations["vault-management/generators" as never];
  expect(annotation(manifest(creds))).toBe(annotation(manifest(creds)));
  expect(annotation(manifest(creds))).not.toBe(annotation(manifest({ ...creds, request: "creds/other" })));
  expect(annotation(manifest())).toBeUndefined();
  expect(engineRequests(llmOf(withGenerators(dev, creds))).get("openai-api-key")).toEqual([
    "database/creds/orders-report",
  ]);
});

it("is made before its ExternalSecret", async () => {
  const settings = withGenerators(dev, creds);
  const resources = await recordResources(() => {
    const { kubernetes } = createProviders(settings);
    new NamespaceSecrets(
      "llm",
      { settings, namespace: llmOf(settings), roles: { "vault-store": "role" }, operator: kubernetes },
      { provider: kubernetes },
    );
  });
  const generator = resources.find(({ type }) => type === VDS);
  const secret = resources.find(({ type }) => type === ES);
  expect(generator?.name).toBe("llm/orders-report");
  expect(secret?.dependencies).toContain(generator?.urn);
});

it("may be read by ESO everywhere, written by the deployer, and by ESO nowhere", () => {
  const verbs = (rules: ReturnType<typeof operatorClusterRules>) =>
    rules.filter(({ resources }) => resources.includes("vaultdynamicsecrets")).flatMap((rule) => rule.verbs);
  expect(verbs(operatorClusterRules())).toEqual(["get", "list", "watch"]);
  expect(verbs(deployerClusterRules(dev))).toEqual(expect.arrayContaining(["create", "patch", "delete"]));
});

it("is confined by a policy, unless the declaration lets every one in", () => {
  const names = (settings: Settings) =>
    admissionPolicies(settings).map(({ policy: { metadata } }) => metadata.name);
  expect(names(dev)).toContain("vault-management-dev-dynamic-secrets");
  const open = settingsWith(["externalSecrets", "admission", "allow"], ["VaultDynamicSecret"]);
  expect(names(open)).not.toContain("vault-management-dev-dynamic-secrets");
});
