import * as vault from "@pulumi/vault";
import { describe, expect, it } from "vitest";
import { VaultCluster } from "../../../components/vault/cluster.ts";
import { NamespaceAccess } from "../../../components/vault/namespace-access.ts";
import { WorkloadAuth } from "../../../components/vault/workload-auth.ts";
import type { Settings } from "../../../config/schema.ts";
import { settingsOf } from "../arbitrary-settings.ts";
import { holdsSecret, only, type RecordedResource, recordResources, resolved } from "../pulumi-mocks.ts";

const MOUNT = "vault:index/mount:Mount";
const AUTH = "vault:index/authBackend:AuthBackend";
const AUDIT = "vault:index/audit:Audit";
const QUOTA = "vault:index/quotaRateLimit:QuotaRateLimit";

interface Built {
  readonly resources: readonly RecordedResource[];
  readonly values: Readonly<Record<string, unknown>>;
}

/** All three components, wired as index.ts wires them. */
async function build(settings: Settings): Promise<Built> {
  let values: Record<string, unknown> = {};
  const resources = await recordResources(async () => {
    const provider = new vault.Provider("vault", { address: settings.vault.address });
    const cluster = new VaultCluster("vault", settings, { provider });
    const auth = new WorkloadAuth("workload-auth", settings, { provider, dependsOn: cluster });
    const access = settings.namespaces.map(
      (namespace) =>
        new NamespaceAccess(
          namespace.name,
          { settings, namespace, authMount: auth.mount, sessionPolicy: auth.sessionPolicy },
          { provider, dependsOn: auth },
        ),
    );
    values = {
      mounts: await resolved(cluster.mounts),
      mount: await resolved(auth.mount),
      session: await resolved(auth.sessionPolicy),
      roles: await Promise.all(access.flatMap(({ roles }) => Object.values(roles).map(resolved))),
    };
  });
  return { resources, values };
}

const dev = await build(settingsOf("dev"));
const prod = await build(settingsOf("prod"));
const jwt = await build(withJwt({ issuer: "https://issuer.example" }));

function withJwt(keys: Settings["kubernetes"]["jwt"]): Settings {
  const settings = settingsOf("dev");
  return {
    ...settings,
    vault: { ...settings.vault, auth: { ...settings.vault.auth, method: "jwt", mount: "jwt" } },
    kubernetes: { ...settings.kubernetes, jwt: keys, apiCaCertificate: "CA\n" },
  };
}

function withQuotas(cluster: "managed" | "shared"): Settings {
  const settings = settingsOf("dev");
  const quotas = {
    logins: { rate: 10, path: "auth/kubernetes", interval: "1s" },
    reads: { rate: 50, path: "kv", interval: "2s" },
  };
  return { ...settings, vault: { ...settings.vault, cluster, quotas } };
}

describe("every Vault resource", () => {
  const all = [dev, prod, jwt].flatMap(({ resources }) => resources);
  const custom = all.filter((one) => one.custom && one.type !== "pulumi:providers:vault");

  it("names its provider, stands in a component and carries no secret", () => {
    expect(custom.length).toBeGreaterThan(20);
    for (const resource of custom) {
      expect(resource.provider, resource.urn).toMatch(/pulumi:providers:vault::vault::vault-id$/);
      expect(resource.parent, resource.urn).toMatch(
        /vault-management:vault:(VaultCluster|WorkloadAuth|NamespaceAccess)::/,
      );
    }
    expect(all.filter(({ inputs }) => holdsSecret(inputs))).toEqual([]);
  });

  it("leaves nothing of the settings in a component's own inputs", () => {
    expect(all.filter((one) => !one.custom).map(({ inputs }) => inputs)).toEqual(
      all.filter((one) => !one.custom).map(() => ({})),
    );
  });

  it("has a URN of its own", () => {
    for (const { resources } of [dev, prod, jwt]) {
      expect(new Set(resources.map(({ urn }) => urn)).size).toBe(resources.length);
    }
  });

  it.each([
    ["development", dev, []],
    ["production", prod, ["kv-prod", "kubernetes-prod", "primary", "secondary"]],
  ])(
    "is protected and retained in %s only where its loss cannot be undone",
    (_tier, { resources }, names) => {
      const kept = resources.filter((one) => one.protect || one.retainOnDelete);
      expect(kept.map(({ name }) => name).toSorted()).toEqual([...names].toSorted());
      expect(kept.every((one) => one.protect && one.retainOnDelete)).toBe(true);
    },
  );
});

describe("VaultCluster", () => {
  it("makes KV version 2 mounts that say whose they are, and configures them", () => {
    expect(only(dev.resources, MOUNT).inputs).toEqual({
      path: "kv",
      type: "kv",
      options: { version: "2" },
      description: "vault-management dev",
    });
    const config = only(dev.resources, "vault:kv/secretBackendV2:SecretBackendV2", "kv");
    expect(config.inputs).toEqual({ mount: "kv", maxVersions: 10, casRequired: true, deleteVersionAfter: 0 });
    expect(config.propertyDependencies.mount).toEqual([only(dev.resources, MOUNT).urn]);
    expect(dev.values.mounts).toEqual(["kv"]);
  });

  it("writes audit devices without raw values, for every node", () => {
    const devices = prod.resources.filter(({ type }) => type === AUDIT);
    expect(devices.map(({ name, inputs }) => [name, inputs.options, inputs.local])).toEqual([
      ["primary", { file_path: "/var/log/vault/audit.log" }, false],
      ["secondary", { file_path: "/vault/audit/audit.log" }, false],
    ]);
  });

  it("writes autopilot's durations as Vault gives them back", () => {
    expect(only(prod.resources, "vault:index/raftAutopilot:RaftAutopilot").inputs).toEqual({
      cleanupDeadServers: true,
      deadServerLastContactThreshold: "24h0m0s",
      lastContactThreshold: "10s",
      serverStabilizationTime: "10s",
      minQuorum: 3,
    });
  });

  it("limits the whole cluster, or a mount once it exists", async () => {
    expect(only(dev.resources, QUOTA).inputs).toEqual({ name: "global", rate: 2000, interval: 1 });
    const { resources } = await build(withQuotas("managed"));
    const reads = only(resources, QUOTA, "reads");
    expect(reads.inputs).toEqual({ name: "reads", rate: 50, interval: 2, path: "kv/" });
    expect(reads.dependencies).toContain(only(resources, "vault:kv/secretBackendV2:SecretBackendV2").urn);
    const logins = only(resources, QUOTA, "logins");
    expect(logins.inputs.path).toBe("auth/kubernetes/");
    expect(logins.dependencies).toContain(only(resources, AUTH).urn);
  });

  it("leaves the cluster's own settings to the stack that manages it", async () => {
    const { resources } = await build(withQuotas("shared"));
    expect(resources.filter(({ type }) => /Audit|Autopilot|Quota/.test(type))).toEqual([]);
    expect(only(resources, MOUNT).name).toBe("kv");
  });
});

describe("WorkloadAuth", () => {
  it("lets Vault review tokens with themselves: no reviewer token, no local one", () => {
    const config = only(dev.resources, "vault:kubernetes/authBackendConfig:AuthBackendConfig");
    expect(config.inputs).toEqual({
      backend: "kubernetes",
      kubernetesHost: "https://kubernetes.dev.voyager.internal:6443",
      disableLocalCaJwt: true,
      disableIssValidation: true,
    });
    expect(only(dev.resources, AUTH).inputs.description).toBe("vault-management dev");
  });

  it("follows the cluster, so that the audit devices see the first login", () => {
    const component = only(dev.resources, "vault-management:vault:WorkloadAuth");
    const devices = dev.resources.filter(({ type }) => type === AUDIT);
    expect(devices).toHaveLength(2);
    expect(component.dependencies).toEqual(expect.arrayContaining(devices.map(({ urn }) => urn)));
  });

  it.each([
    [
      { issuer: "https://issuer.example" },
      {
        oidcDiscoveryUrl: "https://issuer.example",
        boundIssuer: "https://issuer.example",
        oidcDiscoveryCaPem: "CA",
      },
    ],
    [{ jwksUrl: "https://issuer.example/keys" }, { jwksUrl: "https://issuer.example/keys", jwksCaPem: "CA" }],
    [{ publicKeys: ["KEY\n"] }, { jwtValidationPubkeys: ["KEY"] }],
  ])("takes jwt's keys from %o", async (keys, inputs) => {
    const { resources } = await build(withJwt(keys));
    expect(only(resources, "vault:jwt/authBackend:AuthBackend").inputs).toEqual({
      type: "jwt",
      path: "jwt",
      description: "vault-management dev",
      ...inputs,
    });
  });
});

describe("NamespaceAccess", () => {
  const role = "vault:kubernetes/authBackendRole:AuthBackendRole";

  it("gives the role its policies once they exist", () => {
    const llm = only(dev.resources, role, "voyager-platform-llm");
    expect(llm.inputs).toMatchObject({
      backend: "kubernetes",
      roleName: "voyager-platform-llm",
      tokenPolicies: ["voyager-platform.session", "voyager-platform.llm.llm-gateway"],
      tokenNoDefaultPolicy: true,
    });
    expect(llm.propertyDependencies.tokenPolicies?.toSorted()).toEqual(
      dev.resources
        .filter(({ type }) => type === "vault:index/policy:Policy")
        .map(({ urn }) => urn)
        .toSorted(),
    );
    expect(llm.propertyDependencies.backend).toEqual([only(dev.resources, AUTH).urn]);
  });

  it("gives a namespace that declares a store alone no read", () => {
    expect(only(dev.resources, role, "voyager-platform-user").inputs.tokenPolicies).toEqual([
      "voyager-platform.session",
    ]);
  });

  it("waits for the auth mount's configuration", () => {
    const component = only(dev.resources, "vault-management:vault:NamespaceAccess", "llm");
    expect(component.dependencies).toContain(
      only(dev.resources, "vault:kubernetes/authBackendConfig:AuthBackendConfig").urn,
    );
  });

  it("makes jwt roles on a jwt mount, bound to the service account's subject", () => {
    const llm = only(jwt.resources, "vault:jwt/authBackendRole:AuthBackendRole", "voyager-platform-llm");
    expect(llm.inputs).toMatchObject({
      backend: "jwt",
      roleType: "jwt",
      userClaim: "sub",
      boundAudiences: ["vault"],
      boundSubject: "system:serviceaccount:llm:vault-store",
    });
  });

  it("exposes names only", () => {
    expect(dev.values).toEqual({
      mounts: ["kv"],
      mount: "kubernetes",
      session: "voyager-platform.session",
      roles: ["voyager-platform-llm", "voyager-platform-user"],
    });
  });
});
