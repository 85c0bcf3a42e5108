import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { externalSecretManifests, vaultPaths } from "../../../components/external-secrets/external-secret.ts";
import { storeManifest } from "../../../components/external-secrets/store.ts";
import { parseSettings } from "../../../config/parse.ts";
import type { NamespaceSettings, Settings } from "../../../config/schema.ts";
import { durationMs } from "../../../config/values.ts";
import { anySettings, settingsOf, settingsWith } from "../arbitrary-settings.ts";
import { withSecret } from "../config/declarations.ts";
import { esoSchemas } from "./crd-validation.ts";

const schemas = await esoSchemas();
const CA = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

function problems(manifest: { readonly kind: string }): unknown {
  const validate = schemas[manifest.kind];
  if (!validate) throw new Error(`ESO defines no ${manifest.kind}`);
  return validate(structuredClone(manifest)) ? [] : validate.errors;
}

function namespaceOf(settings: Settings, name: string): NamespaceSettings {
  const found = settings.namespaces.find((namespace) => namespace.name === name);
  if (!found) throw new Error(`no namespace ${name}`);
  return found;
}

function secretOf(declaration: unknown) {
  const settings = parseSettings(withSecret(declaration), "Pulumi.test.yaml");
  const [manifest] = externalSecretManifests(settings, namespaceOf(settings, "llm"));
  if (!manifest) throw new Error("no ExternalSecret");
  return manifest;
}

function llmStore(settings: Settings, role: string) {
  const namespace = namespaceOf(settings, "llm");
  const [store] = namespace.stores;
  if (!store) throw new Error("llm has a store");
  return storeManifest(settings, namespace, store, role);
}

function asJwt(settings: Settings): Settings {
  const auth = { ...settings.vault.auth, method: "jwt" as const, mount: "jwt" };
  return { ...settings, vault: { ...settings.vault, auth, caCertificate: CA } };
}

describe("ESO's own schemas", () => {
  it("accept whatever is rendered of a valid declaration, with either auth method", () => {
    fc.assert(
      fc.property(anySettings, fc.boolean(), (declared, jwt) => {
        const settings = jwt ? asJwt(declared) : declared;
        for (const namespace of settings.namespaces) {
          for (const store of namespace.stores) {
            expect(problems(storeManifest(settings, namespace, store, "voyager-platform-x"))).toEqual([]);
          }
          for (const manifest of externalSecretManifests(settings, namespace)) {
            expect(problems(manifest)).toEqual([]);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it.each(["dev", "prod"] as const)("accept what the %s stack declares", (stack) => {
    const settings = settingsOf(stack);
    for (const namespace of settings.namespaces) {
      for (const store of namespace.stores) {
        expect(problems(storeManifest(settings, namespace, store, "role"))).toEqual([]);
      }
      expect(externalSecretManifests(settings, namespace).flatMap(problems)).toEqual([]);
    }
  });

  it("refuse a field that ESO does not know, at any depth", () => {
    const manifest = secretOf({ data: { api_key: "llm/openai#api_key" } });
    const [entry] = manifest.spec.data ?? [];
    expect(problems({ ...manifest, extra: 1 } as typeof manifest)).not.toEqual([]);
    expect(
      problems({
        ...manifest,
        spec: { ...manifest.spec, data: [{ ...entry, remoteRef: { ...entry?.remoteRef, propery: "x" } }] },
      } as typeof manifest),
    ).not.toEqual([]);
  });
});

describe("the reference ExternalSecret", () => {
  const settings = settingsOf("dev");

  it("is rendered with every default written out", () => {
    expect(externalSecretManifests(settings, namespaceOf(settings, "llm"))).toEqual([
      {
        apiVersion: "external-secrets.io/v1",
        kind: "ExternalSecret",
        metadata: {
          name: "openai-api-key",
          namespace: "llm",
          labels: {
            "app.kubernetes.io/managed-by": "vault-management",
            "vault-management/environment": "dev",
          },
          annotations: { "pulumi.com/waitFor": "condition=Ready" },
        },
        spec: {
          refreshInterval: "1h0m0s",
          secretStoreRef: { kind: "SecretStore", name: "vault-store" },
          target: { name: "openai-api-key", creationPolicy: "Owner", deletionPolicy: "Retain" },
          data: [
            {
              secretKey: "api_key",
              remoteRef: {
                key: "llm/openai",
                property: "api_key",
                conversionStrategy: "Default",
                decodingStrategy: "None",
                metadataPolicy: "None",
              },
            },
          ],
        },
      },
    ]);
  });

  it("is not waited for by the provider in mode report", () => {
    const reporting = settingsWith(["externalSecrets", "readiness"], { mode: "report" });
    const [manifest] = externalSecretManifests(reporting, namespaceOf(reporting, "llm"));
    expect(manifest?.metadata.annotations).toEqual({ "pulumi.com/skipAwait": "true" });
  });
});

describe("an ExternalSecret", () => {
  it("keeps the meaning of its refreshInterval, whatever it is written as", () => {
    fc.assert(
      fc.property(fc.integer({ min: 10_000, max: 400_000_000 }), (milliseconds) => {
        const rendered = secretOf({ refreshInterval: `${milliseconds}ms`, data: { k: "a#b" } }).spec
          .refreshInterval;
        expect(durationMs(rendered)).toBe(milliseconds);
        expect(rendered).toMatch(/^(\d+h[0-5]?\dm|[1-9]\d?m)?[0-5]?\d(\.\d+)?s$/);
      }),
      { numRuns: 50 },
    );
  });

  it("lists its keys sorted, whatever order they are declared in", () => {
    const keys = secretOf({ data: { b: "x#b", a: "x#a", c: "w#c" } });
    expect(keys.spec.data?.map(({ secretKey }) => secretKey)).toEqual(["a", "b", "c"]);
    expect(vaultPaths(keys)).toEqual(["w", "x"]);
  });

  it("reads whole secrets and pinned versions", () => {
    const { spec } = secretOf({
      data: { a: { remoteRef: { key: "x", property: "p", version: 3 } } },
      dataFrom: [{ extract: { key: "y", version: 2 } }],
    });
    expect(spec.data?.[0]?.remoteRef.version).toBe("3");
    expect(spec.dataFrom).toEqual([
      {
        extract: {
          key: "y",
          version: "2",
          conversionStrategy: "Default",
          decodingStrategy: "None",
          metadataPolicy: "None",
        },
      },
    ]);
  });

  it("sets a Secret type by a template, which repeats the stack's labels", () => {
    const { spec } = secretOf({
      type: "kubernetes.io/basic-auth",
      data: { username: "x#u", password: "x#p" },
      template: { metadata: { labels: { team: "llm" } } },
    });
    expect(spec.target).toHaveProperty("template", {
      engineVersion: "v2",
      mergePolicy: "Replace",
      type: "kubernetes.io/basic-auth",
      metadata: {
        labels: {
          team: "llm",
          "app.kubernetes.io/managed-by": "vault-management",
          "vault-management/environment": "dev",
        },
      },
    });
  });

  it("leaves labels and type of somebody else's Secret alone", () => {
    const { spec } = secretOf({ creationPolicy: "Merge", data: { a: "x#a" } });
    expect(spec.target).toHaveProperty("template", { engineVersion: "v2", mergePolicy: "Replace" });
  });
});

describe("a SecretStore", () => {
  const dev = settingsOf("dev");

  it("logs in with a token for Vault and for the API server that reviews it", () => {
    expect(llmStore(dev, "voyager-platform-llm").spec.provider.vault).toEqual({
      server: "https://vault.voyager.internal",
      path: "kv",
      version: "v2",
      auth: {
        kubernetes: {
          mountPath: "kubernetes",
          role: "voyager-platform-llm",
          serviceAccountRef: {
            name: "vault-store",
            audiences: ["vault", "https://kubernetes.default.svc.cluster.local"],
          },
        },
      },
    });
  });

  it("logs in with a short-lived token for Vault alone by the jwt method", () => {
    const { vault } = llmStore(asJwt(dev), "r").spec.provider;
    expect(vault.auth).toEqual({
      jwt: {
        path: "jwt",
        role: "r",
        kubernetesServiceAccountToken: {
          serviceAccountRef: { name: "vault-store" },
          audiences: ["vault"],
          expirationSeconds: 600,
        },
      },
    });
    expect(Buffer.from(vault.caBundle ?? "", "base64").toString()).toBe(CA);
  });

  it("asks for an audience once when Vault's is the API server's", () => {
    const settings = settingsWith(
      ["vault", "auth", "audience"],
      "https://kubernetes.default.svc.cluster.local",
    );
    const { auth } = llmStore(settings, "r").spec.provider.vault;
    expect(auth.kubernetes?.serviceAccountRef.audiences).toHaveLength(1);
  });
});
