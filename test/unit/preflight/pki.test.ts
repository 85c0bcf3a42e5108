import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VaultClient } from "../../../clients/vault.ts";
import { issuerProblems, type MadeIssuers, pkiProblems } from "../../../preflight/pki/pki.ts";
import { type Authority, authority, pemOf } from "../pki/chains.ts";
import { certificatePath, domain, intermediateCa, pkiSettings, rootCa } from "../pki/declarations.ts";
import { type FakeServer, fakeServer } from "./fake-server.ts";

const now = Date.now();
const days = 24 * 3_600_000;

const root = await authority("Voyager Root CA G1", { hours: 87_600 });
const nextRoot = await authority("Voyager Root CA G2", { hours: 87_600 });
const constrained = { signer: root, hours: 43_800, domains: [domain] };
const intermediate = await authority("Voyager Intermediate CA G1", constrained);

const certificateOf = ({ pem }: Authority) => new X509Certificate(pem);
const made: MadeIssuers = { root: certificateOf(root), intermediate: certificateOf(intermediate) };

function found(pki: object, issuers: MadeIssuers, certificate: object = {}, at = now) {
  return issuerProblems(pkiSettings({ ...pki }, { ...certificate }), issuers, at);
}

const generations = (ofRoot: number, ofIntermediate: number) => ({
  root: { ...rootCa, generation: ofRoot },
  intermediate: { ...intermediateCa, generation: ofIntermediate },
});

describe("a CA as Vault has it", () => {
  it("fits its declaration, and so does none where it is yet to be made", () => {
    expect(found({}, made)).toEqual([]);
    expect(found({}, {})).toEqual([]);
  });

  it("may get the next generation of the intermediate, or of both", () => {
    const { root: previousRoot, intermediate: previousIntermediate } = made;
    expect(found(generations(1, 2), { root: previousRoot, previousIntermediate })).toEqual([]);
    expect(found(generations(2, 2), { previousRoot, previousIntermediate })).toEqual([]);
  });

  it("may change what is not in its certificates", () => {
    expect(found({ wildcards: [`*.${domain}`] }, made, { ttl: "48h" })).toEqual([]);
  });

  const differentlySigned = { ...made, root: certificateOf(nextRoot) };
  it.each([
    ["a root's generation is left out", generations(3, 1), {}, "pki.root.generation", /no generation 2/],
    [
      "an intermediate's generation is left out",
      generations(1, 4),
      {},
      "pki.intermediate.generation",
      /no generation 3/,
    ],
    [
      "the root's name changes",
      { root: { ...rootCa, commonName: "Another" } },
      made,
      "pki.root.commonName",
      /Another G1.*says Voyager Root CA G1/,
    ],
    [
      "the root's life changes",
      { root: { ...rootCa, ttl: "90000h" } },
      made,
      "pki.root.ttl",
      /90000h.*87600h/,
    ],
    [
      "the root's key changes",
      { root: { ...rootCa, key: "rsa-4096" } },
      made,
      "pki.root.key",
      /rsa-4096.*ec-384/,
    ],
    [
      "the intermediate's key changes",
      { intermediate: { ...intermediateCa, key: "ec-521" } },
      made,
      "pki.intermediate.key",
      /ec-521.*ec-384/,
    ],
    [
      "the intermediate's name changes",
      { intermediate: { ...intermediateCa, commonName: "Another" } },
      made,
      "pki.intermediate.commonName",
      /Another G1/,
    ],
    [
      "the intermediate's life changes",
      { intermediate: { ...intermediateCa, ttl: "50000h" } },
      made,
      "pki.intermediate.ttl",
      /50000h.*43800h/,
    ],
    [
      "a domain is added",
      { domains: [domain, "web.voyager.internal"] },
      made,
      "pki.domains",
      /web\.voyager\.internal.*says llm\.voyager\.internal$/,
    ],
    [
      "the root alone has a new generation",
      {},
      differentlySigned,
      "pki.root.generation",
      /another root signed the intermediate/,
    ],
    [
      "the root alone is to get a new generation",
      generations(2, 1),
      { previousRoot: made.root, intermediate: made.intermediate },
      "pki.root.generation",
      /^root 2, .*another root signed the intermediate/,
    ],
    [
      "the root alone is to move to another mount",
      { root: { ...rootCa, mount: "pki-root" } },
      { intermediate: made.intermediate },
      "pki.root.generation",
      /another root signed the intermediate/,
    ],
  ] as const)("is a problem when %s", (_what, pki, issuers, path, says) => {
    const problems = found(pki, issuers);
    expect(problems.map((one) => one.path)).toContain(path);
    expect(problems.find((one) => one.path === path)?.found).toMatch(says);
  });

  it("is a problem when the outside CA's certificate is exchanged without a new generation", async () => {
    const [one, other] = await Promise.all([
      authority("A", { signer: root }),
      authority("B", { signer: root }),
    ]);
    const signed = (by: Authority) => ({ root: undefined, external: { signed: pemOf([by.pem, root.pem]) } });
    expect(found(signed(one), { intermediate: certificateOf(one) }, { ttl: "1h" })).toEqual([]);
    expect(found(signed(other), { intermediate: certificateOf(one) }, { ttl: "1h" })).toMatchObject([
      { path: "pki.external.signed", found: expect.stringContaining("another certificate") },
    ]);
  });
});

describe("a life that the CA does not have any more", () => {
  const lastDays = now + 43_800 * 3_600_000 - 2 * days;

  it("is a problem for a certificate, before Vault would refuse it at its next renewal", () => {
    expect(found({}, made, { ttl: "72h" }, lastDays)).toMatchObject([
      { path: `${certificatePath}.ttl`, found: "72h, and the intermediate ends in 48h" },
    ]);
    expect(found({}, made, { ttl: "47h" }, lastDays)).toEqual([]);
  });

  it("is a problem while an outside CA has the next intermediate to sign, and the last days go by", async () => {
    const outside = await authority("Voyager Intermediate CA G1", constrained);
    const external = { signed: pemOf([outside.pem, root.pem]) };
    const waiting = { ...generations(1, 2), root: undefined, external };
    const issuers = { previousIntermediate: certificateOf(outside) };
    expect(found(waiting, issuers, { ttl: "72h" }, lastDays)).toMatchObject([
      { path: `${certificatePath}.ttl` },
    ]);
    expect(found(waiting, issuers, { ttl: "47h" }, lastDays)).toEqual([]);
  });

  it("is a problem for an intermediate that is yet to be signed", () => {
    const root = made.root;
    const late = now + 50_000 * 3_600_000;
    expect(found({}, { root }, {}, late)).toMatchObject([
      { path: "pki.intermediate.ttl", found: "43800h, and the root ends in 37600h" },
    ]);
    expect(found({}, { root }, {}, now + days)).toEqual([]);
  });
});

describe("a third root", () => {
  const previousIntermediate = made.intermediate;
  const hoursLater = (hours: number) => {
    const issuers = { previousRoot: certificateOf(nextRoot), previousIntermediate };
    return found(generations(3, 2), issuers, { ttl: "72h" }, now + hours * 3_600_000);
  };

  it("waits until every certificate was renewed since the second, whose clients it needs", () => {
    expect(hoursLater(71)).toMatchObject([
      { path: "pki.root.generation", fix: expect.stringMatching(/^keep 2 until /) },
    ]);
    expect(hoursLater(72)).toEqual([]);
  });

  it("is no problem once it is made", () => {
    const issuers = { root: certificateOf(nextRoot), previousRoot: certificateOf(root) };
    const problems = found(generations(3, 2), issuers);
    expect(problems.filter(({ fix }) => fix.startsWith("keep"))).toEqual([]);
  });
});

describe("what Vault is asked", () => {
  let server: FakeServer;
  const ours = { type: "pki", description: "vault-management dev" };

  beforeAll(async () => {
    server = await fakeServer({
      "GET /v1/pki/issuer/root-g1/json": [200, { data: { certificate: root.pem } }],
      "GET /v1/pki-int/issuer/int-g1/json": [
        500,
        { errors: ["unable to find PKI issuer for reference: int-g1"] },
      ],
    });
  });
  afterAll(() => server.close());

  it("is each mount's issuers by name, once the mounts are there", async () => {
    const vault = new VaultClient({ address: server.address, token: "any" });
    expect(await pkiProblems(vault, pkiSettings(), {})).toEqual([]);
    expect(server.requests).toEqual([]);
    const mounts = { "pki/": { ...ours }, "pki-int/": { ...ours } };
    const problems = await pkiProblems(vault, pkiSettings(), mounts);
    expect(problems.map(({ path }) => path)).not.toContain("pki.root.commonName");
    expect(server.requests).toContain("GET /v1/pki/issuer/root-g1/json");
    await vault.close();
  });

  it("is nothing below a mount of another type", async () => {
    const vault = new VaultClient({ address: server.address, token: "any" });
    const mounts = { "pki-int/": { ...ours, type: "kv" } };
    expect(await pkiProblems(vault, pkiSettings(), mounts)).toMatchObject([
      { path: "pki.intermediate.mount" },
    ]);
    await vault.close();
  });
});
