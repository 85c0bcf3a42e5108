import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UNKNOWN } from "../../../policy/rules/resource.ts";
import { boundRoles, noDefaultPolicy, tokenLifetimes } from "../../../policy/rules/roles.ts";
import { found, resource } from "./judged.ts";

const KUBERNETES = "vault:kubernetes/authBackendRole:AuthBackendRole";
const JWT = "vault:jwt/authBackendRole:AuthBackendRole";
const APP_ROLE = "vault:appRole/authBackendRole:AuthBackendRole";

describe("bound-roles", () => {
  const kubernetes = {
    boundServiceAccountNames: ["vault-store"],
    boundServiceAccountNamespaces: ["llm"],
    audience: "vault",
  };
  const jwt = {
    roleType: "jwt",
    boundSubject: "system:serviceaccount:llm:vault-store",
    boundAudiences: ["vault"],
  };
  const people = { roleType: "oidc", boundClaims: { groups: "platform" }, boundAudiences: ["vault"] };

  it.each([
    ["a service account of a namespace", KUBERNETES, kubernetes],
    [
      "what is not known yet",
      KUBERNETES,
      { boundServiceAccountNames: UNKNOWN, boundServiceAccountNamespaces: [UNKNOWN], audience: UNKNOWN },
    ],
    ["the subject of a token", JWT, jwt],
    ["a group of people", JWT, people],
    ["what is not known yet of a jwt role", JWT, { roleType: UNKNOWN, boundAudiences: UNKNOWN }],
    ["a role of another method", APP_ROLE, { roleName: "x" }],
  ])("passes %s", (_what, type, props) => {
    expect(found(boundRoles, resource(type, props))).toEqual([]);
  });

  it.each([
    ["any service account", KUBERNETES, { ...kubernetes, boundServiceAccountNames: ["*"] }, 'Names "*"'],
    [
      "a glob of namespaces",
      KUBERNETES,
      { ...kubernetes, boundServiceAccountNamespaces: ["a", "llm-*"] },
      "llm-*",
    ],
    [
      "no namespace",
      KUBERNETES,
      { ...kubernetes, boundServiceAccountNamespaces: [] },
      "no boundServiceAccountNamespaces",
    ],
    [
      "namespaces by label",
      KUBERNETES,
      { ...kubernetes, boundServiceAccountNamespaces: undefined, boundServiceAccountNamespaceSelector: "{}" },
      "Selector",
    ],
    ["no audience", KUBERNETES, { ...kubernetes, audience: undefined }, "no audience"],
    ["an empty audience", KUBERNETES, { ...kubernetes, audience: "" }, "no audience"],
    ["no subject", JWT, { ...jwt, boundSubject: undefined }, "no boundSubject:"],
    [
      "claims in a subject's stead",
      JWT,
      { ...jwt, boundSubject: "", boundClaims: { a: "b" } },
      "no boundSubject:",
    ],
    ["a star as subject", JWT, { ...jwt, boundSubject: "system:serviceaccount:llm:*" }, "llm:*"],
    ["claims by glob", JWT, { ...people, boundClaimsType: "glob" }, "glob"],
    ["no jwt audience", JWT, { ...jwt, boundAudiences: [] }, "no boundAudiences"],
    ["people without a claim", JWT, { ...people, boundClaims: {} }, "no boundSubject and no boundClaims"],
    ["people by Vault's default", JWT, { boundAudiences: ["vault"] }, "no boundSubject and no boundClaims"],
  ])("refuses %s", (_what, type, props, words) => {
    expect(found(boundRoles, resource(type, props))).toEqual([expect.stringContaining(words)]);
  });
});

describe("no-default-policy", () => {
  it.each([
    ["off", { tokenNoDefaultPolicy: true, tokenPolicies: ["a", UNKNOWN] }],
    ["not known yet", { tokenNoDefaultPolicy: UNKNOWN }],
  ])("passes a role with the default policy %s", (_what, props) => {
    expect(found(noDefaultPolicy, resource(APP_ROLE, props))).toEqual([]);
  });

  it.each([
    ["left on", { tokenPolicies: ["a"] }, "leaves the default policy on"],
    ["turned on", { tokenNoDefaultPolicy: false }, "leaves the default policy on"],
    ["given by name", { tokenNoDefaultPolicy: true, tokenPolicies: ["a", "default"] }, "the policy default"],
    ["and root's", { tokenNoDefaultPolicy: true, tokenPolicies: ["root"] }, "the policy root"],
  ])("refuses a role of any method with it %s", (_what, props, words) => {
    for (const type of [KUBERNETES, JWT, APP_ROLE]) {
      expect(found(noDefaultPolicy, resource(type, props))).toEqual([expect.stringContaining(words)]);
    }
  });

  it("says nothing of what is no role", () => {
    expect(
      found(noDefaultPolicy, resource("vault:appRole/authBackendRoleSecretId:AuthBackendRoleSecretId")),
    ).toEqual([]);
  });
});

describe("token-lifetimes", () => {
  const judge = (props: Readonly<Record<string, unknown>>, limitSeconds = 3_600) =>
    found(tokenLifetimes, resource(KUBERNETES, props), { limitSeconds });

  it.each([
    ["within the limit", { tokenTtl: 600, tokenMaxTtl: 3_600 }],
    ["not known yet", { tokenTtl: UNKNOWN, tokenMaxTtl: UNKNOWN }],
    ["periodic, with an end", { tokenPeriod: 600, tokenExplicitMaxTtl: 3_600 }],
    ["periodic or not, which is not known yet", { tokenPeriod: UNKNOWN }],
  ])("passes tokens %s", (_what, props) => {
    expect(judge(props)).toEqual([]);
  });

  it.each([
    ["Vault's default life", {}, ["no tokenTtl: its tokens get Vault's default, 768h", "no tokenMaxTtl"]],
    [
      "a life of 0, which is the default's",
      { tokenTtl: 0, tokenMaxTtl: 0 },
      ["no tokenTtl", "no tokenMaxTtl"],
    ],
    ["no maximum", { tokenTtl: 600 }, ["no tokenMaxTtl"]],
    [
      "a life over the limit",
      { tokenTtl: 3_601, tokenMaxTtl: 3_600 },
      ["tokenTtl 3601, over the limit of 3600"],
    ],
    ["a maximum over the limit", { tokenTtl: 60, tokenMaxTtl: 86_400 }, ["tokenMaxTtl 86400"]],
    [
      "renewal without an end",
      { tokenPeriod: 60, tokenMaxTtl: 60 },
      ["no tokenExplicitMaxTtl: its tokens are renewed for ever"],
    ],
    ["a period over the limit", { tokenPeriod: 7_200, tokenExplicitMaxTtl: 3_600 }, ["tokenPeriod 7200"]],
  ])("refuses %s", (_what, props, words) => {
    expect(judge(props)).toEqual(words.map((text) => expect.stringContaining(text)));
  });

  it("refuses exactly what is 0 or over the configured limit", () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(10_000), fc.integer({ min: 1, max: 10_000 }), (ttl, max, limit) => {
        const outside = [ttl, max].filter((seconds) => seconds === 0 || seconds > limit);
        expect(judge({ tokenTtl: ttl, tokenMaxTtl: max }, limit)).toHaveLength(outside.length);
      }),
    );
  });
});
