import * as vault from "@pulumi/vault";
import { describe, expect, it } from "vitest";
import { generatorsOf } from "../../../components/external-secrets/dynamic-secret.ts";
import { Pki } from "../../../components/pki/pki.ts";
import type { Settings } from "../../../config/schema.ts";
import { only, type RecordedResource, recordResources } from "../pulumi-mocks.ts";
import { authority, externalChainPem, pemOf } from "./chains.ts";
import { domain, intermediateCa, pkiSettings, rootCa } from "./declarations.ts";

const PKI = "vault:pkiSecret/";
const MOUNT = "vault:index/mount:Mount";
const ROOT = `${PKI}secretBackendRootCert:SecretBackendRootCert`;
const REQUEST = `${PKI}secretBackendIntermediateCertRequest:SecretBackendIntermediateCertRequest`;
const SIGN = `${PKI}secretBackendRootSignIntermediate:SecretBackendRootSignIntermediate`;
const IMPORT = `${PKI}secretBackendIntermediateSetSigned:SecretBackendIntermediateSetSigned`;
const ISSUER = `${PKI}secretBackendIssuer:SecretBackendIssuer`;
const DEFAULT = `${PKI}secretBackendConfigIssuers:SecretBackendConfigIssuers`;
const ROLE = `${PKI}secretBackendRole:SecretBackendRole`;

function build(settings: Settings, imported: readonly string[] = ["id"]) {
  const { pki } = settings;
  if (pki === undefined) throw new Error("no pki");
  return recordResources(
    () => {
      const provider = new vault.Provider("vault", { address: settings.vault.address });
      new Pki("pki", { settings, pki }, { provider });
    },
    { outputs: ({ type, name }) => answers(type, name, imported) },
  );
}

/** What the provider gives beside the inputs. */
function answers(type: string, name: string, imported: readonly string[]) {
  if (type === REQUEST) return { csr: `csr of ${name}` };
  if (type === ROOT) return { certificate: `certificate of ${name}\n` };
  if (type === SIGN) return { certificate: `certificate of ${name}\n`, issuingCa: `signer of ${name}\n` };
  if (type === IMPORT) return { importedIssuers: imported.map((id) => `${id} of ${name}`) };
  return type === ISSUER ? { issuerId: `issuer ${name}` } : {};
}

function namesOf(resources: readonly RecordedResource[], type: string): readonly string[] {
  return resources
    .filter((one) => one.type === type)
    .map(({ name }) => name)
    .toSorted();
}

const dev = await build(pkiSettings());
const prod = await build(pkiSettings({}, {}, "prod"));
const second = await build(pkiSettings({ intermediate: { ...intermediateCa, generation: 2 } }));
const secondRoot = await build(
  pkiSettings({ root: { ...rootCa, generation: 2 }, intermediate: { ...intermediateCa, generation: 2 } }),
);
const chain = await externalChainPem();
const unsigned = await build(pkiSettings({ root: undefined, external: {} }));
const signed = await build(pkiSettings({ root: undefined, external: { signed: pemOf(chain) } }));

describe("the CA", () => {
  it("has every key made in Vault, to stay there", () => {
    for (const resources of [dev, secondRoot, unsigned]) {
      const made = resources.filter(({ type }) => type === ROOT || type === REQUEST);
      expect(made.length).toBeGreaterThan(0);
      for (const { inputs } of made) expect(["internal", "existing"]).toContain(inputs.type);
    }
  });

  it("protects mounts and root in production, and leaves in Vault whatever issued", () => {
    const kept = prod.filter(({ protect }) => protect).map(({ name }) => name);
    expect(kept.toSorted()).toEqual(["pki", "pki-int", "pki/root-g1"]);
    const issuing = new Set([ROOT, REQUEST, SIGN, IMPORT, ISSUER]);
    for (const one of [...dev, ...second].filter(({ type }) => issuing.has(type))) {
      expect(one.retainOnDelete, one.name).toBe(true);
    }
    expect(dev.filter(({ protect }) => protect)).toEqual([]);
  });

  it("signs only CAs for the declared domains and for no address", () => {
    const signings = [...dev, ...second, ...secondRoot].filter(({ type }) => type === SIGN);
    expect(signings.length).toBe(6);
    for (const { inputs } of signings) {
      expect(inputs).toMatchObject({
        permittedDnsDomains: [domain],
        excludedIpRanges: ["0.0.0.0/0", "::/0"],
      });
    }
  });

  it("tells certificates where CRLs and OCSP answers are before it signs the first", () => {
    const root = only(dev, ROOT);
    const configured = dev.filter(({ type, name }) => name === "pki" && type.includes("onfig"));
    expect(configured.length).toBe(3);
    expect(root.dependencies).toEqual(expect.arrayContaining(configured.map(({ urn }) => urn)));
    expect(only(dev, SIGN).dependencies).toContain(root.urn);
  });

  it.each(["pki", "pki-int"])(
    "says in %s where to ask, keeps the answers fresh, and tidies what has ended",
    (mount) => {
      const api = `https://vault.voyager.internal/v1/${mount}`;
      expect(only(dev, `${PKI}secretBackendConfigUrls:SecretBackendConfigUrls`, mount).inputs).toEqual({
        backend: mount,
        enableTemplating: true,
        issuingCertificates: [`${api}/issuer/{{issuer_id}}/der`],
        crlDistributionPoints: [`${api}/issuer/{{issuer_id}}/crl/der`],
        ocspServers: [`${api}/ocsp`],
      });
      expect(only(dev, `${PKI}secretBackendCrlConfig:SecretBackendCrlConfig`, mount).inputs).toMatchObject({
        disable: false,
        autoRebuild: true,
        enableDelta: true,
        ocspDisable: false,
      });
      expect(only(dev, `${PKI}backendConfigAutoTidy:BackendConfigAutoTidy`, mount).inputs).toMatchObject({
        enabled: true,
        intervalDuration: "12h",
        tidyCertStore: true,
        tidyRevokedCerts: true,
        tidyExpiredIssuers: true,
      });
    },
  );

  it("switches to the intermediate once the whole chain is known, and makes roles after that", () => {
    const switched = only(dev, DEFAULT);
    expect(switched.inputs).toMatchObject({
      default: "issuer pki-int/int-g1",
      defaultFollowsLatestIssuer: false,
    });
    expect(switched.dependencies).toContain(only(dev, ISSUER, "pki-int/root-g1").urn);
    expect(only(dev, ROLE).dependencies).toContain(switched.urn);
  });

  it("leaves nothing of the settings in the component's own inputs, and no secret anywhere", () => {
    expect(dev.filter(({ custom }) => !custom).map(({ inputs }) => inputs)).toEqual([{}]);
    expect(JSON.stringify(dev)).not.toContain("PRIVATE");
  });
});

describe("a new generation", () => {
  it("of the intermediate is signed by the root and by the one before, and sends both certificates", () => {
    expect(namesOf(second, SIGN)).toEqual(["pki-int/int-g2", "pki-int/int-g2-by-g1"]);
    expect(only(second, SIGN, "pki-int/int-g2-by-g1").inputs).toMatchObject({
      backend: "pki-int",
      issuerRef: "int-g1",
      csr: "csr of pki-int/int-g2",
      commonName: "Voyager Intermediate CA G2",
    });
    expect(only(second, ISSUER, "pki-int/int-g2").inputs.manualChains).toEqual([
      "id of pki-int/int-g2",
      "issuer pki-int/int-g2-by-g1",
      "issuer pki-int/root-g1",
    ]);
    expect(only(second, DEFAULT).inputs.default).toBe("issuer pki-int/int-g2");
  });

  it("of the root is signed by the one before, whose certificate stays in the chain as it was", () => {
    expect(only(secondRoot, SIGN, "pki/root-g2-by-g1").inputs).toMatchObject({
      backend: "pki",
      issuerRef: "root-g1",
      csr: "csr of pki/root-g2-by-g1",
    });
    expect(only(secondRoot, IMPORT, "pki-int/root-g1").inputs.certificate).toBe(
      "signer of pki/root-g2-by-g1",
    );
    expect(only(secondRoot, SIGN, "pki-int/int-g2").inputs.issuerRef).toBe("root-g2");
  });
});

describe("an outside CA", () => {
  it("gets a request, and nothing is issued before it has signed", () => {
    expect(namesOf(unsigned, REQUEST)).toEqual(["pki-int/int-g1"]);
    expect(namesOf(unsigned, MOUNT)).toEqual(["pki-int"]);
    expect([...namesOf(unsigned, ROOT), ...namesOf(unsigned, SIGN), ...namesOf(unsigned, DEFAULT)]).toEqual(
      [],
    );
  });

  it("gives the intermediate its certificate and its own above it", () => {
    expect(only(signed, IMPORT, "pki-int/int-g1").inputs.certificate).toBe(chain[0]);
    expect(namesOf(signed, IMPORT).length).toBe(2);
    expect(only(signed, DEFAULT).inputs.default).toBe("issuer pki-int/int-g1");
    expect(namesOf(signed, SIGN)).toEqual([]);
  });
});

describe("an outside CA's next intermediate", async () => {
  const root = await authority("Outside Root", {});
  const signedGeneration = async (generation: number) =>
    pemOf([(await authority(`Voyager Intermediate CA G${generation}`, { signer: root })).pem, root.pem]);
  const declaredWith = async (generation: number) =>
    pkiSettings({
      root: undefined,
      external: { signed: await signedGeneration(generation) },
      intermediate: { ...intermediateCa, generation: 2 },
    });

  it("gets its request while the one before goes on issuing", async () => {
    const settings = await declaredWith(1);
    const waiting = await build(settings);
    expect(namesOf(waiting, REQUEST)).toEqual(["pki-int/int-g2"]);
    expect([...namesOf(waiting, IMPORT), ...namesOf(waiting, DEFAULT)]).toEqual([]);
    expect(namesOf(waiting, ROLE)).toHaveLength(1);
    expect(settings.namespaces.flatMap(generatorsOf)).toHaveLength(1);
    for (const type of [REQUEST, ISSUER, IMPORT, DEFAULT]) {
      for (const one of signed.filter((other) => other.type === type)) expect(one.retainOnDelete).toBe(true);
    }
  });

  it("takes over once it is signed, and is not signed by the one before, which may sign no CA", async () => {
    const taken = await build(await declaredWith(2));
    expect(only(taken, DEFAULT).inputs.default).toBe("issuer pki-int/int-g2");
    expect(namesOf(taken, SIGN)).toEqual([]);
  });
});

describe("a certificate's role", () => {
  it("allows its own names, uses, key and life, and nothing else", () => {
    const { inputs, name } = only(dev, ROLE);
    expect(name).toBe("voyager-platform-llm.llm-gateway.gateway-tls");
    expect(inputs).toEqual({
      name,
      backend: "pki-int",
      allowedDomains: [`gateway.${domain}`],
      allowBareDomains: true,
      allowSubdomains: false,
      allowGlobDomains: false,
      allowAnyName: false,
      allowLocalhost: false,
      allowIpSans: false,
      allowWildcardCertificates: false,
      enforceHostnames: true,
      requireCn: true,
      serverFlag: true,
      clientFlag: false,
      codeSigningFlag: false,
      emailProtectionFlag: false,
      keyType: "ec",
      keyBits: 256,
      ttl: "259200",
      maxTtl: "259200",
      issuerRef: "default",
      generateLease: false,
      noStore: false,
    });
  });
});
