import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accessMatrix } from "../../../access/matrix.ts";
import { dynamicSecretManifest, generatorsOf } from "../../../components/external-secrets/dynamic-secret.ts";
import { externalSecretManifests } from "../../../components/external-secrets/external-secret.ts";
import { servicePolicy } from "../../../components/vault/policies.ts";
import type { Settings } from "../../../config/schema.ts";
import { durationMs } from "../../../config/values.ts";
import { outputsOf } from "../../../outputs/write.ts";
import { objectProblems } from "../../../preflight/objects.ts";
import { esoSchemas } from "../external-secrets/crd-validation.ts";
import { externalChainPem, pemOf } from "./chains.ts";
import { certificatePath, domain, intermediateCa, pkiSettings } from "./declarations.ts";

const ROLE = "voyager-platform-llm.llm-gateway.gateway-tls";
const dev = pkiSettings();
const { llm, gateway, certificate } = partsOf(dev);

/** The declared certificate as ESO brings it, and where it stands. */
function partsOf(settings: Settings) {
  const [llm] = settings.namespaces;
  const [gateway] = llm?.services ?? [];
  const certificate = gateway?.secrets.find(({ name }) => name === "gateway-tls");
  if (!llm || !gateway || !certificate) throw new Error("not declared");
  return { llm, gateway, certificate };
}

function externalSecretOf(settings: Settings) {
  const manifest = externalSecretManifests(settings, partsOf(settings).llm).find(
    ({ metadata }) => metadata.name === "gateway-tls",
  );
  if (manifest === undefined) throw new Error("no ExternalSecret");
  return manifest;
}

describe("a declared certificate", () => {
  it("is asked of its own role at each refresh, with its names and life", () => {
    const [{ store, generator } = {}] = generatorsOf(llm);
    if (!store || !generator) throw new Error("no generator");
    expect(dynamicSecretManifest(dev, llm, store, generator, "voyager-platform-llm")).toMatchObject({
      metadata: { name: "gateway-tls", namespace: "llm" },
      spec: {
        method: "POST",
        path: `pki-int/issue/${ROLE}`,
        parameters: { common_name: `gateway.${domain}`, ttl: "72h", format: "pem" },
        resultType: "Data",
      },
    });
    const further = pkiSettings({}, { dnsNames: [`a.${domain}`, `b.${domain}`] });
    expect(partsOf(further).certificate.generators[0]?.parameters).toMatchObject({
      alt_names: `a.${domain},b.${domain}`,
    });
  });

  it("becomes a Secret of type kubernetes.io/tls with these keys and no others", () => {
    const { spec } = externalSecretOf(dev);
    expect(spec).toMatchObject({
      refreshInterval: "48h0m0s",
      target: { name: "gateway-tls", creationPolicy: "Owner", deletionPolicy: "Retain" },
    });
    expect(spec.target.template).toMatchObject({ type: "kubernetes.io/tls", mergePolicy: "Replace" });
    expect(Object.keys(spec.target.template?.data ?? {})).toEqual(["tls.crt", "tls.key", "ca.crt"]);
    expect(spec).not.toHaveProperty("data");
  });

  it("is what ESO's own schema takes", async () => {
    const valid = (await esoSchemas()).ExternalSecret;
    expect(valid?.(JSON.parse(JSON.stringify(externalSecretOf(dev)))), JSON.stringify(valid?.errors)).toBe(
      true,
    );
  });

  it("is renewed when a third of its life is left, whatever that is", () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 40_000 * 3_600 }), (life) => {
        const ttl = `${life}s`;
        const left = life - durationMs(partsOf(pkiSettings({}, { ttl })).certificate.refreshInterval) / 1_000;
        expect(left).toBeGreaterThanOrEqual(life / 3);
        expect(left).toBeLessThan(life / 3 + 1);
      }),
    );
  });

  it("is granted to its service alone, to issue and nothing else", () => {
    expect(servicePolicy("voyager-platform", llm, gateway).document).toContain(
      `path "pki-int/issue/${ROLE}" {\n  capabilities = ["update"]`,
    );
    const [login] = accessMatrix(dev).logins;
    expect(login?.reads).toContainEqual(
      expect.objectContaining({ path: `pki-int/issue/${ROLE}`, capability: "update" }),
    );
  });

  it("is told to other stacks as a Secret of that type", () => {
    expect(outputsOf(dev).namespaces.llm?.secrets["gateway-tls"]).toEqual({
      store: "vault-store",
      target: "gateway-tls",
      type: "kubernetes.io/tls",
      keys: ["ca.crt", "tls.crt", "tls.key"],
      otherKeys: "none",
    });
  });

  it("is refused at its own place where somebody else has an object of its name", async () => {
    const reader = {
      objects: async (kind: string) =>
        kind === "VaultDynamicSecret" ? [{ name: "gateway-tls", labels: {} }] : [],
    };
    expect(await objectProblems(reader, dev)).toEqual([
      expect.objectContaining({
        path: certificatePath,
        found: expect.stringContaining("VaultDynamicSecret"),
      }),
    ]);
  });
});

describe("a new certificate is issued at once", () => {
  const annotation = (settings: Settings) =>
    externalSecretOf(settings).metadata.annotations["vault-management/generators" as never];

  it.each([
    ["names", { dnsNames: [`a.${domain}`] }],
    ["common name", { commonName: `other.${domain}` }],
    ["life", { ttl: "48h" }],
    ["uses", { usages: ["server", "client"] }],
    ["key", { key: "rsa-2048" }],
  ])("when its %s change", (_what, changed) => {
    expect(annotation(pkiSettings({}, changed))).not.toBe(annotation(dev));
  });

  it("and not for a new generation of the CA: what is there verifies, and the next refresh brings one of it", () => {
    const next = pkiSettings({ intermediate: { ...intermediateCa, generation: 2 } });
    expect(externalSecretOf(next)).toEqual(externalSecretOf(dev));
  });
});

describe("before an outside CA has signed", () => {
  it("no certificate is asked for, and the ones of the signed CA are", async () => {
    const unsigned = pkiSettings({ root: undefined, external: {} });
    expect(unsigned.namespaces.flatMap(generatorsOf)).toEqual([]);
    expect(unsigned.namespaces[0]?.services[0]?.certificates.length).toBe(1);
    const signed = pkiSettings({ root: undefined, external: { signed: pemOf(await externalChainPem()) } });
    expect(partsOf(signed).certificate).toEqual(certificate);
  });
});

it("stands beside the service's other secrets, sorted by name", () => {
  expect(gateway.secrets.map(({ name }) => name)).toEqual(["gateway-tls", "openai-api-key"]);
});
