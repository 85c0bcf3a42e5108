import * as k8s from "@pulumi/kubernetes";
import { describe, expect, it } from "vitest";
import { crdManifests, neededCrds } from "../../../components/external-secrets/crds.ts";
import { NamespaceSecrets } from "../../../components/external-secrets/namespace-secrets.ts";
import { ExternalSecretsOperator } from "../../../components/external-secrets/operator.ts";
import { workloadNamespaceRules } from "../../../components/external-secrets/rbac.ts";
import type { NamespaceSettings, Settings } from "../../../config/schema.ts";
import { settingsOf, settingsWith } from "../arbitrary-settings.ts";
import { holdsSecret, only, type RecordedResource, recordResources, resolved } from "../pulumi-mocks.ts";

const NAMESPACE = "kubernetes:core/v1:Namespace";
const ACCOUNT = "kubernetes:core/v1:ServiceAccount";
const ROLE = "kubernetes:rbac.authorization.k8s.io/v1:Role";
const ROLE_BINDING = "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding";
const CLUSTER_ROLE = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole";
const CLUSTER_BINDING = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding";
const CRD = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition";
const NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy";
const POLICY = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy";
const POLICY_BINDING = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding";
const RELEASE = "kubernetes:helm.sh/v3:Release";
const STORE = "kubernetes:external-secrets.io/v1:SecretStore";
const EXTERNAL_SECRET = "kubernetes:external-secrets.io/v1:ExternalSecret";

const crds = crdManifests(
  neededCrds
    .map((name) => `---\nkind: CustomResourceDefinition\nmetadata: { name: ${name} }\nspec: { group: x }\n`)
    .join(""),
  "bundle",
);

interface Built {
  readonly resources: readonly RecordedResource[];
  readonly storeIds: readonly string[];
}

/** Both components, wired as index.ts wires them. */
async function build(settings: Settings): Promise<Built> {
  let storeIds: readonly string[] = [];
  const resources = await recordResources(async () => {
    const provider = new k8s.Provider("kubernetes", {});
    const operator = new ExternalSecretsOperator("external-secrets", { settings, crds }, { provider });
    const namespaces = settings.namespaces.map(
      (namespace) =>
        new NamespaceSecrets(
          namespace.name,
          { settings, namespace, operator, roles: rolesOf(namespace) },
          { provider },
        ),
    );
    storeIds = await Promise.all(namespaces.map(({ storeId }) => resolved(storeId)));
  });
  return { resources, storeIds };
}

function rolesOf({ name, stores }: NamespaceSettings): Readonly<Record<string, string>> {
  return Object.fromEntries(
    stores.map((store) => [store.name, [`voyager-platform-${name}`, store.service ?? []].flat().join(".")]),
  );
}

const dev = await build(settingsOf("dev"));
const production = await build({ ...settingsOf("dev"), tier: "production" });
const existing = await build(settingsWith(["externalSecrets", "mode"], "existing"));
const jwt = await build(withJwt());
const { resources } = dev;
const custom = resources.filter(
  ({ type }) => !type.startsWith("pulumi:") && !type.startsWith("vault-management:"),
);

function withJwt(): Settings {
  const settings = settingsOf("dev");
  return { ...settings, vault: { ...settings.vault, auth: { ...settings.vault.auth, method: "jwt" } } };
}

/** Whether `one` is made after `other` and deleted before it, directly or through what stands between. */
function madeAfter(one: RecordedResource, other: RecordedResource, all = resources): boolean {
  return one.dependencies.some((urn) => {
    const between = all.find((resource) => resource.urn === urn);
    return urn === other.urn || (between !== undefined && madeAfter(between, other, all));
  });
}

describe("every object", () => {
  it("is made by the provider that was given, inside its component", () => {
    const components = resources.filter((one) => one.type.startsWith("vault-management:"));
    expect(custom.length).toBeGreaterThan(10);
    for (const { provider, parent } of custom) {
      expect(provider).toMatch(/pulumi:providers:kubernetes::kubernetes::/);
      expect(components.map(({ urn }) => urn)).toContain(parent);
    }
  });

  it("bears this stack's labels", () => {
    for (const { type, inputs } of custom.filter((one) => one.type !== RELEASE)) {
      expect([type, inputs.metadata]).toMatchObject([
        type,
        {
          labels: {
            "app.kubernetes.io/managed-by": "vault-management",
            "vault-management/environment": "dev",
          },
        },
      ]);
    }
  });

  it("has a URN of its own, no secret, and its component keeps nothing of the settings", () => {
    expect(new Set(resources.map(({ urn }) => urn)).size).toBe(resources.length);
    expect(resources.filter(({ inputs }) => holdsSecret(inputs))).toEqual([]);
    const components = resources.filter((one) => one.type.startsWith("vault-management:"));
    expect(components.map(({ inputs }) => inputs)).toEqual(components.map(() => ({})));
  });

  it.each([
    ["development", dev, []],
    ["production", production, [...neededCrds, "vault"]],
  ])("is protected and retained in %s only where its loss cannot be undone", (_tier, built, names) => {
    const kept = built.resources.filter((one) => one.protect || one.retainOnDelete);
    expect(kept.map(({ name }) => name).toSorted()).toEqual(
      [...names, ...(names.length > 0 ? ["llm", "user"] : [])].toSorted(),
    );
    expect(kept.every((one) => one.protect && one.retainOnDelete)).toBe(true);
  });
});

describe("ExternalSecretsOperator", () => {
  it("installs the chart after its definitions, its namespace and its rights", () => {
    const release = only(resources, RELEASE);
    expect(release.inputs).toMatchObject({
      name: "external-secrets",
      namespace: "vault",
      chart: "external-secrets",
      version: "0.20.4",
      repositoryOpts: { repo: "https://charts.external-secrets.io" },
      skipCrds: true,
      atomic: true,
      values: { installCRDs: false, rbac: { create: false } },
    });
    for (const name of neededCrds) expect(madeAfter(release, only(resources, CRD, name))).toBe(true);
    expect(madeAfter(release, only(resources, NAMESPACE, "vault"))).toBe(true);
    expect(madeAfter(release, only(resources, CLUSTER_BINDING, "external-secrets"))).toBe(true);
    expect(madeAfter(release, only(resources, ROLE_BINDING, "vault/external-secrets"))).toBe(true);
  });

  it("takes a chart from a folder as it stands there", async () => {
    const built = await build(settingsWith(["externalSecrets", "chart", "source"], "./chart"));
    const { inputs } = only(built.resources, RELEASE);
    expect(inputs.chart).toBe("./chart");
    expect(inputs).not.toHaveProperty("repositoryOpts");
    expect(inputs).not.toHaveProperty("version");
  });

  it("binds its rights to the operator's service account alone", () => {
    const subjects = [{ kind: "ServiceAccount", name: "external-secrets", namespace: "vault" }];
    expect(only(resources, CLUSTER_BINDING, "external-secrets").inputs).toMatchObject({
      subjects,
      roleRef: { kind: "ClusterRole", name: "vault-management:dev:external-secrets" },
    });
    expect(only(resources, ROLE_BINDING, "vault/external-secrets").inputs.subjects).toEqual(subjects);
  });

  it("installs nothing where the operator is there already", () => {
    const inOperator = existing.resources.filter(({ parent }) => parent.includes(":Operator::"));
    expect(inOperator.map(({ type, name }) => [type, name])).toEqual([
      ["vault-management:external-secrets:AdmissionPolicies", "admission"],
      [CLUSTER_ROLE, "token-review"],
    ]);
  });

  it("labels its own namespace for Pod Security, and no tenant's", () => {
    const labelled = (name: string) => JSON.stringify(only(resources, NAMESPACE, name).inputs);
    expect(labelled("vault")).toContain('"pod-security.kubernetes.io/enforce":"restricted"');
    expect(labelled("llm")).not.toContain("pod-security");
  });

  it("starts the operator behind its network policies, which are in its own namespace alone", () => {
    const policies = resources.filter(({ type }) => type === NETWORK_POLICY);
    expect(policies.map(({ name }) => name).toSorted()).toEqual([
      "vault/default-deny",
      "vault/external-secrets",
    ]);
    for (const policy of policies) expect(madeAfter(only(resources, RELEASE), policy)).toBe(true);
    expect(existing.resources.filter(({ type }) => type === NETWORK_POLICY)).toEqual([]);
  });

  it("has admission policies in force before any store, after the definitions that they are checked against", () => {
    const store = only(resources, STORE, "llm/vault-store");
    for (const name of ["stores", "external-secrets", "namespaced-kinds", "cluster-kinds"]) {
      const policy = only(resources, POLICY, `vault-management-dev-${name}`);
      const binding = only(resources, POLICY_BINDING, `vault-management-dev-${name}`);
      expect(madeAfter(binding, policy)).toBe(true);
      expect(madeAfter(store, binding)).toBe(true);
      for (const crd of neededCrds) expect(madeAfter(policy, only(resources, CRD, crd))).toBe(true);
    }
  });
});

describe("NamespaceSecrets", () => {
  const store = only(resources, STORE, "llm/vault-store");
  const secret = only(resources, EXTERNAL_SECRET, "llm/openai-api-key");

  it("gives ESO its rights in the namespace, and the store's service account no pod's token", () => {
    expect(only(resources, ACCOUNT, "llm/vault-store").inputs.automountServiceAccountToken).toBe(false);
    expect(only(resources, ROLE, "llm/external-secrets").inputs.rules).toEqual(
      workloadNamespaceRules(["vault-store"]),
    );
    expect(only(resources, ROLE_BINDING, "llm/external-secrets").inputs).toMatchObject({
      subjects: [{ kind: "ServiceAccount", name: "external-secrets", namespace: "vault" }],
      roleRef: { kind: "Role", name: "external-secrets" },
    });
  });

  it("lets the service account's token be reviewed, by the kubernetes method only", () => {
    expect(only(resources, CLUSTER_BINDING, "llm/token-review").inputs).toMatchObject({
      metadata: { name: "vault-management:dev:token-review:llm" },
      subjects: [{ kind: "ServiceAccount", name: "vault-store", namespace: "llm" }],
      roleRef: { kind: "ClusterRole", name: "vault-management:dev:token-review" },
    });
    expect(jwt.resources.filter(({ name }) => name.includes("token-review"))).toEqual([]);
  });

  it("makes ExternalSecrets after the store, and the store after rights and operator; so it goes back the other way", () => {
    expect(madeAfter(secret, store)).toBe(true);
    expect(madeAfter(secret, only(resources, RELEASE))).toBe(true);
    expect(madeAfter(secret, only(resources, ROLE_BINDING, "llm/external-secrets"))).toBe(true);
    expect(madeAfter(store, only(resources, ROLE_BINDING, "llm/external-secrets"))).toBe(true);
    expect(madeAfter(store, only(resources, CLUSTER_BINDING, "llm/token-review"))).toBe(true);
    expect(madeAfter(store, only(resources, ACCOUNT, "llm/vault-store"))).toBe(true);
    expect(madeAfter(store, only(resources, RELEASE))).toBe(true);
    expect(madeAfter(store, only(resources, NAMESPACE, "llm"))).toBe(true);
    expect(madeAfter(only(resources, RELEASE), store)).toBe(false);
    const jwtStore = only(jwt.resources, STORE, "llm/vault-store");
    expect(madeAfter(jwtStore, only(jwt.resources, RELEASE), jwt.resources)).toBe(true);
  });

  it("lets the provider wait a little longer than readiness may take, so that the report with the paths comes first", () => {
    expect(secret.customTimeouts).toEqual({ create: "135s", update: "135s", delete: "2m" });
    expect(secret.inputs.metadata).toMatchObject({
      annotations: { "pulumi.com/waitFor": "condition=Ready" },
    });
  });

  it("logs in as the role that it is given, and says when the store is there", () => {
    expect(store.inputs.spec).toMatchObject({
      provider: { vault: { auth: { kubernetes: { role: "voyager-platform-llm" } } } },
    });
    expect(dev.storeIds).toEqual(["llm/vault-store-id", "user/vault-store-id"]);
  });

  it("gives each service a store, a service account and a login of its own where services are isolated", async () => {
    const services = {
      gateway: { secrets: { one: { data: { a: "llm/one#a" } } } },
      worker: { secrets: { two: { data: { a: "llm/two#a" } } } },
    };
    const isolated = await build(settingsWith(["namespaces"], { llm: { isolation: "service", services } }));
    for (const [service, secret] of [
      ["gateway", "one"],
      ["worker", "two"],
    ] as const) {
      const name = `vault-store-${service}`;
      const own = only(isolated.resources, STORE, `llm/${name}`);
      expect(only(isolated.resources, ACCOUNT, `llm/${name}`).inputs.metadata).toMatchObject({ name });
      expect(own.inputs.spec).toMatchObject({
        provider: {
          vault: {
            auth: {
              kubernetes: { role: `voyager-platform-llm.${service}`, serviceAccountRef: { name } },
            },
          },
        },
      });
      const reading = only(isolated.resources, EXTERNAL_SECRET, `llm/${secret}`);
      expect(reading.inputs.spec).toMatchObject({ secretStoreRef: { name } });
      expect(madeAfter(reading, own, isolated.resources)).toBe(true);
    }
    const accounts = ["vault-store-gateway", "vault-store-worker"];
    expect(only(isolated.resources, ROLE, "llm/external-secrets").inputs.rules).toEqual(
      workloadNamespaceRules(accounts),
    );
    expect(only(isolated.resources, CLUSTER_BINDING, "llm/token-review").inputs.subjects).toEqual(
      accounts.map((name) => ({ kind: "ServiceAccount", name, namespace: "llm" })),
    );
    expect(isolated.storeIds).toEqual(["llm/vault-store-gateway-id,llm/vault-store-worker-id"]);
  });

  it("refers to a namespace that is not its own to make", async () => {
    const referring = await build(settingsWith(["namespaces", "llm", "create"], false));
    const made = referring.resources.filter(({ type }) => type === NAMESPACE);
    expect(made.map(({ name }) => name).toSorted()).toEqual(["user", "vault"]);
  });
});
