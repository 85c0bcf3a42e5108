import { describe, expect, it } from "vitest";
import { Exporter } from "../../../components/monitoring/exporter/exporter.ts";
import { createProviders } from "../../../components/providers.ts";
import type { Settings } from "../../../config/schema.ts";
import { requiredRules } from "../../../jobs/exporter/grants.ts";
import { exporterSpec } from "../../../jobs/exporter/spec.ts";
import { grantsOf } from "../../../policy/rules/grants.ts";
import { holdsSecret, only, type RecordedResource, recordResources } from "../pulumi-mocks.ts";
import { exporterIn, specOf, watched } from "./specs.ts";

const RBAC = "kubernetes:rbac.authorization.k8s.io/v1";
const CONFIG_MAP = "kubernetes:core/v1:ConfigMap";
const DEPLOYMENT = "kubernetes:apps/v1:Deployment";
const SERVICE = "kubernetes:core/v1:Service";
const POLICY = "vault:index/policy:Policy";
const ROLE = "vault:kubernetes/authBackendRole:AuthBackendRole";
const NAME = "vault-monitoring/vault-management-exporter";

function build(settings: Settings) {
  return recordResources(() => {
    const { vault, kubernetes } = createProviders(settings);
    const args = {
      settings,
      exporter: exporterIn(settings),
      authMount: "kubernetes",
      namespaces: { llm: "llm", user: "user" },
    };
    new Exporter("exporter", args, { providers: { vault, kubernetes } });
  });
}

const settings = watched();
const dev = await build(settings);
const withCa: Settings = { ...settings, vault: { ...settings.vault, caCertificate: "pem\n" } };
const ca = await build(withCa);

type Fields = Readonly<Record<string, unknown>>;

function podOf(resources: readonly RecordedResource[]) {
  const { spec } = only(resources, DEPLOYMENT, NAME).inputs as {
    readonly spec: { readonly template: { readonly spec: Fields; readonly metadata: Fields } };
  };
  return spec.template;
}

function dataOf(resources: readonly RecordedResource[], name: string) {
  return only(resources, CONFIG_MAP, `vault-monitoring/${name}`).inputs as {
    readonly data: Readonly<Record<string, string>>;
    readonly immutable: boolean;
  };
}

describe("the exporter's pod", () => {
  it("runs unprivileged, from files that cannot be written, with no token but the mounted one", () => {
    expect(podOf(dev).spec).toMatchObject({
      serviceAccountName: "vault-management-exporter",
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          image: expect.stringMatching(/@sha256:[0-9a-f]{64}$/),
          command: ["node", "/opt/exporter/exporter.mjs", "/etc/exporter/spec.json", "--listen=:9464"],
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          resources: { limits: { memory: expect.any(String) } },
        },
      ],
    });
  });

  it("is one, and found by its Service", () => {
    const { spec } = only(dev, DEPLOYMENT, NAME).inputs as { readonly spec: Fields };
    expect(spec).toMatchObject({ replicas: 1 });
    const service = only(dev, SERVICE, NAME).inputs as {
      readonly spec: { readonly selector: Fields; readonly ports: readonly Fields[] };
    };
    expect(podOf(dev).metadata.labels).toMatchObject(service.spec.selector);
    expect(service.spec.ports).toEqual([expect.objectContaining({ name: "metrics", port: 9464 })]);
  });

  it("is told by ConfigMaps that never change, of names that hold their content's hash", () => {
    const program = dataOf(dev, "exporter");
    const spec = dataOf(dev, "exporter-spec");
    expect([program.immutable, spec.immutable]).toEqual([true, true]);
    expect(exporterSpec.parse(JSON.parse(spec.data["spec.json"] ?? ""))).toEqual(specOf());
    expect(JSON.stringify(podOf(dev).spec)).toMatch(/"exporter-spec-[0-9a-f]{12}"/);
  });

  it("finds Vault by its CA where one is declared", () => {
    expect(dataOf(ca, "exporter-spec").data).toMatchObject({ "vault-ca.crt": "pem\n" });
    expect(JSON.stringify(podOf(ca).spec)).toContain('"VAULT_CACERT"');
    expect(JSON.stringify(podOf(dev).spec)).not.toContain("VAULT_CACERT");
  });

  it("starts once everything that it needs is there", () => {
    const needs = only(dev, DEPLOYMENT, NAME).dependencies;
    const rights = dev.filter(({ type }) =>
      [ROLE, `${RBAC}:Role`, `${RBAC}:RoleBinding`, CONFIG_MAP].includes(type),
    );
    expect(needs).toEqual(expect.arrayContaining(rights.map(({ urn }) => urn)));
  });
});

describe("the exporter's rights", () => {
  it("in Vault are metadata of exactly the declared paths, and what the cluster says of itself; no value", () => {
    const { policy } = only(dev, POLICY, "voyager-platform.vault-monitoring.exporter").inputs;
    expect(
      grantsOf(String(policy)).map(({ path, capabilities }) => `${capabilities.join()} ${path}`),
    ).toEqual([
      "read kv/metadata/llm/openai",
      "read kv/metadata/rotation/openai-llm",
      "read kv/metadata/break-glass/dev",
      "read,sudo sys/audit",
      "read sys/metrics",
      "read sys/storage/raft/autopilot/state",
      "update auth/token/revoke-self",
    ]);
  });

  it("are bound to its own service account", () => {
    expect(only(dev, ROLE, "voyager-platform-vault-monitoring.exporter").inputs).toMatchObject({
      boundServiceAccountNames: ["vault-management-exporter"],
      boundServiceAccountNamespaces: ["vault-monitoring"],
      tokenPolicies: ["voyager-platform.vault-monitoring.exporter"],
      tokenNoDefaultPolicy: true,
    });
  });

  it("in Kubernetes are to look at ExternalSecrets and SecretStores of the declared namespaces, and at no Secret", () => {
    const rules = requiredRules(specOf());
    expect(Object.keys(rules)).toEqual(["llm", "user", "vault-monitoring", "vault-rotation"]);
    expect(JSON.stringify(rules)).not.toMatch(/"secrets"|"\*"/);
    expect(rules.user).toEqual([
      {
        apiGroups: ["external-secrets.io"],
        resources: ["externalsecrets", "secretstores"],
        verbs: ["get", "list", "watch"],
      },
    ]);
    expect(rules["vault-monitoring"]).toEqual([
      expect.objectContaining({
        resources: ["serviceaccounts/token"],
        resourceNames: ["vault-management-exporter"],
        verbs: ["create"],
      }),
    ]);
    expect(rules["vault-rotation"]).toEqual([
      expect.objectContaining({
        resources: ["cronjobs"],
        resourceNames: ["rotate-openai-llm"],
        verbs: ["get"],
      }),
    ]);
    for (const [namespace, own] of Object.entries(rules)) {
      expect(only(dev, `${RBAC}:Role`, `${namespace}/vault-management-exporter`).inputs.rules).toEqual(own);
    }
  });

  it("hold no secret, and wait for the namespaces that they are in", () => {
    expect(dev.filter(({ inputs }) => holdsSecret(inputs))).toEqual([]);
    expect(only(dev, "kubernetes:core/v1:Namespace", "vault-monitoring").inputs).toMatchObject({
      metadata: { labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
    });
  });

  it("over the network are names, Vault and its nodes, the API server, and a scrape", () => {
    const policies = dev.filter(({ type }) => type.endsWith(":NetworkPolicy"));
    expect(policies.map(({ name }) => name)).toEqual(["vault-monitoring/default-deny", NAME]);
    const { spec } = only(dev, "kubernetes:networking.k8s.io/v1:NetworkPolicy", NAME).inputs as {
      readonly spec: { readonly egress: readonly Fields[] };
    };
    expect(JSON.stringify(spec.egress)).toMatch(/"port":53\b.*"port":8200\b.*"port":443\b/);
    expect(spec).toMatchObject({ ingress: [{ ports: [{ port: 9464, protocol: "TCP" }] }] });
  });
});
