import { generateKeyPairSync, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainSecrets } from "../../../policy/rules/plain-secrets.ts";
import { UNKNOWN } from "../../../policy/rules/resource.ts";
import { found, resource } from "./judged.ts";

/** Made here, so that no text of this file looks like a credential. */
const alphanumeric = (length: number) => `aB3${randomBytes(length).toString("hex")}`.slice(0, length);
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const keys = generateKeyPairSync("rsa", {
  modulusLength: 1024,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

const credentials = [
  ["a Vault token", `hvs.${alphanumeric(24)}`],
  ["a Vault token", `hvb.${alphanumeric(60)}`],
  ["a private key", keys.privateKey],
  ["a private key", keys.privateKey.replace("PRIVATE", "OPENSSH PRIVATE")],
  [
    "a JSON Web Token",
    `${base64url({ alg: "RS256" })}.${base64url({ sub: "somebody" })}.${alphanumeric(40)}`,
  ],
  ["an API key (sk-...)", `sk-${alphanumeric(48)}`],
  ["an API key (sk-...)", `sk-ant-api03-${alphanumeric(48)}`],
  ["a Stripe key", `sk_live_${alphanumeric(24)}`],
  ["an AWS access key", `AKIA${alphanumeric(16).toUpperCase()}`],
  ["a Google API key", `AIza${alphanumeric(35)}`],
  ["a GitHub token", `ghp_${alphanumeric(36)}`],
  ["a GitLab token", `glpat-${alphanumeric(20)}`],
  ["a Slack token", `xoxb-${alphanumeric(30)}`],
  ["a Pulumi access token", `pul-${randomBytes(20).toString("hex")}`],
] as const;

const judge = (props: Readonly<Record<string, unknown>>) =>
  found(plainSecrets, resource("any:index:Thing", props));

describe("plain-secrets", () => {
  it.each(credentials)("refuses %s, wherever it stands, and never shows it", (format, value) => {
    const texts = [
      value,
      `Authorization: Bearer ${value}`,
      JSON.stringify({ value }),
      Buffer.from(value).toString("base64"),
      `users:\n- key: ${Buffer.from(value).toString("base64")}\n`,
    ];
    for (const text of texts) {
      const [first = "", ...others] = judge({ spec: { env: [{ value: "x" }, { value: text }] } });
      expect(first).toContain(`looks like ${format} in its plain input spec.env[1].value`);
      expect(others).toEqual([]);
      expect(first).not.toContain(value.slice(8, 24));
    }
  });

  it.each([
    ["a public key", keys.publicKey],
    ["a certificate", keys.publicKey.replaceAll("PUBLIC KEY", "CERTIFICATE")],
    [
      "a certificate in base64",
      Buffer.from(keys.publicKey.replaceAll("PUBLIC KEY", "CERTIFICATE")).toString("base64"),
    ],
    ["a digest", randomBytes(32).toString("hex")],
    ["an identifier", "0b0f5f8e-3d0e-4a64-9c1f-6f1f3a1c7d55"],
    ["an image by digest", `registry.example/app@sha256:${randomBytes(32).toString("hex")}`],
    ["a name like an API key's", "sk-learn-pipelines-and-other-friends"],
    ["words that end like one", "task-management-for-2026-And-later-years"],
    ["a template", "postgres://{{username}}:{{password}}@db/app"],
    ["a place in Vault", "kv/data/llm/openai#api_key"],
    ["a text about private keys", "never paste a PRIVATE KEY here"],
    ["a token's prefix alone", "hvs. tokens are refused"],
    ["a policy", 'path "kv/data/llm/openai" { capabilities = ["read"] }'],
  ])("passes %s", (_what, text) => {
    expect(judge({ text, list: [text], map: { inner: text } })).toEqual([]);
  });

  it("passes what is marked secret or not known, and what is no text", () => {
    class Asset {
      readonly path = `hvs.${alphanumeric(24)}`;
    }
    expect(judge({ secret: UNKNOWN, list: [UNKNOWN, 1, null, true], asset: new Asset() })).toEqual([]);
  });

  it("takes any data there is, and finds nothing in what is short", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (props) => {
        for (const text of judge(props)) expect(text).toContain("plain input");
      }),
    );
    fc.assert(
      fc.property(fc.string({ maxLength: 15 }), (text) => {
        expect(judge({ text })).toEqual([]);
      }),
    );
  });
});
