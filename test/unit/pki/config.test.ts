import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSettings } from "../../../config/parse.ts";
import { type BadInput, changed, expectRefused, problemsIn } from "../config/declarations.ts";
import { externalChainPem, pemOf } from "./chains.ts";
import {
  certificatePath,
  domain,
  intermediateCa,
  pkiSettings,
  rootCa,
  withPki,
  withService,
} from "./declarations.ts";

const long = `${"a".repeat(60)}.${domain}`;
const chain = await externalChainPem();

const refused: readonly BadInput[] = [
  [
    "a name of another domain",
    withPki({}, { commonName: "gateway.other.internal" }),
    `${certificatePath}.commonName`,
    /gateway\.other\.internal/,
    /in or below pki\.domains: llm\.voyager\.internal/,
    /correct the name/,
  ],
  [
    "a further name of another domain",
    withPki({}, { dnsNames: [`a.${domain}`, "evil-llm.voyager.internal"] }),
    `${certificatePath}.dnsNames[1]`,
    /evil-llm/,
    /in or below/,
    /correct the name/,
  ],
  [
    "a wildcard that is not named",
    withPki({}, { dnsNames: [`*.${domain}`] }),
    `${certificatePath}.dnsNames[0]`,
    /\*\.llm/,
    /pki\.wildcards/,
    /whoever holds its key/,
  ],
  [
    "a named wildcard outside the domains",
    withPki({ wildcards: ["*.other.internal"] }),
    "pki.wildcards",
    /other\.internal/,
    /in or below/,
    /correct the name/,
  ],
  [
    "an address",
    withPki({ domains: ["10.0.0.1"] }),
    "pki.domains[0]",
    /10\.0\.0\.1/,
    /a DNS name in lower case/,
    /clients connect to/,
  ],
  [
    "a common name that X.509 has no room for",
    withPki({}, { commonName: long }),
    `${certificatePath}.commonName`,
    /81 characters/,
    /at most 64/,
    /dnsNames/,
  ],
  [
    "a life of the intermediate's or more",
    withPki({}, { ttl: "43800h" }),
    `${certificatePath}.ttl`,
    /43800h/,
    /less than pki\.intermediate\.ttl/,
    /shorten it/,
  ],
  ["a life of seconds", withPki({}, { ttl: "30s" }), `${certificatePath}.ttl`, /30s/, /at least 1m/, /1h/],
  [
    "an intermediate that outlives the root",
    withPki({ intermediate: { ...intermediateCa, ttl: "87600h" } }),
    "pki.intermediate.ttl",
    /87600h/,
    /less than pki\.root\.ttl/,
    /half/,
  ],
  ["two signers", withPki({ external: {} }), "pki", /root and external/, /exactly one/, /keep root/],
  ["no signer", withPki({ root: undefined }), "pki", /neither/, /exactly one/, /external: \{\}/],
  ["a certificate without a CA", withoutPki(), certificatePath, /no CA/, /declares pki/, /declare pki/],
  [
    "the target of a secret",
    withPki({}, { target: "openai-api-key" }),
    certificatePath,
    /target openai-api-key, as at .*secrets\.openai-api-key/,
    /named once/,
    /rename/,
  ],
  [
    "the target of another certificate",
    withService(withPki(), "other", {
      certificates: { "other-tls": { commonName: `other.${domain}`, target: "gateway-tls" } },
    }),
    "namespaces.llm.services.other.certificates.other-tls",
    /target gateway-tls/,
    /named once/,
    /rename/,
  ],
  [
    "a mount that overlaps a KV mount",
    withPki({ root: { ...rootCa, mount: "kv/pki" } }),
    "pki.root.mount",
    /kv\/pki.*overlaps.*kv/,
    /none is, or begins/,
    /rename/,
  ],
  [
    "one mount for root and intermediate",
    withPki({ intermediate: { ...intermediateCa, mount: "pki" } }),
    "pki.intermediate.mount",
    /overlaps/,
    /none is, or begins/,
    /rename/,
  ],
  [
    "a signed chain in the wrong order",
    external(chain.toReversed()),
    "pki.external.signed",
    /did not sign/,
    /self-signed root/,
    /in this order/,
  ],
  [
    "a signed chain without its root",
    external(chain.slice(0, 1)),
    "pki.external.signed",
    /ends below its root/,
    /self-signed root/,
    /whole chain/,
  ],
  [
    "the outside root alone",
    external(chain.slice(1)),
    "pki.external.signed",
    /a root alone/,
    /self-signed root/,
    /whole chain/,
  ],
  [
    "a private key among the signed chain",
    external([...chain, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]),
    "pki.external.signed",
    /./,
    /BEGIN CERTIFICATE/,
    /never a private key/,
  ],
];

function withoutPki() {
  const raw = withPki();
  delete raw.pki;
  return raw;
}

function external(pems: readonly string[]) {
  return withPki({ root: undefined, external: { signed: pemOf(pems) } });
}

describe("a declared CA", () => {
  expectRefused(refused);

  it("fills in what is not said", () => {
    const { pki, namespaces } = pkiSettings();
    expect(pki).toMatchObject({
      domains: [domain],
      wildcards: [],
      root: { mount: "pki", key: "ec-384", generation: 1 },
      intermediate: { mount: "pki-int", key: "ec-384", generation: 1 },
    });
    expect(namespaces[0]?.services[0]?.certificates).toEqual([
      {
        name: "gateway-tls",
        target: "gateway-tls",
        commonName: `gateway.${domain}`,
        dnsNames: [],
        ttl: "72h",
        usages: ["server"],
        key: "ec-256",
      },
    ]);
  });

  it("takes the domain itself, names below it, and a wildcard that is named", () => {
    const raw = withPki(
      { wildcards: [`*.apps.${domain}`] },
      { commonName: domain, dnsNames: [`*.apps.${domain}`] },
    );
    expect(problemsIn(raw)).toEqual([]);
  });

  it("takes a chain that an outside CA has signed, and the time before", () => {
    expect(problemsIn(external(chain))).toEqual([]);
    expect(problemsIn(withPki({ root: undefined, external: {} }))).toEqual([]);
  });

  it("gives a service that has certificates alone a store of its own", () => {
    const raw = changed(["namespaces", "llm"], {
      isolation: "service",
      services: { web: { certificates: { tls: { commonName: `web.${domain}` } } } },
    });
    raw.pki = withPki().pki;
    const [llm] = parseSettings(raw, "test").namespaces;
    expect(llm?.stores.map(({ name }) => name)).toEqual(["vault-store-web"]);
  });

  it("accepts a name exactly when a name constraint of the domains would", () => {
    const label = fc.stringMatching(/^[a-z]{1,4}$/);
    const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
    fc.assert(
      fc.property(name, name, (dnsName, permitted) => {
        const accepted = problemsIn(withPki({ domains: [permitted] }, { commonName: dnsName })).length === 0;
        const labels = dnsName.split(".");
        const constraint = permitted.split(".");
        const expected = labels.slice(-constraint.length).join(".") === permitted;
        expect(accepted).toBe(expected);
      }),
    );
  });
});
