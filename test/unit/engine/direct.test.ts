import { describe, expect, it } from "vitest";
import { sameValue, seconds } from "../../../resources/same.ts";
import { body } from "../../../resources/values.ts";
import { vaultTypes } from "../../../resources/vault-types.ts";

describe("what Vault answers against what was declared", () => {
  it.each([
    ["1h", 3600, true],
    ["90s", "1m30s", true],
    [600, "10m0s", true],
    ["1h", "2h", false],
    [["b", "a"], ["a", "b"], true],
    [["a"], ["a", "b"], false],
    [["a"], undefined, false],
    [{ version: "2" }, { version: "2", other: "x" }, true],
    [{ version: "2" }, {}, false],
    [true, false, false],
    ["PEM\n", "PEM", true],
    ["10", "1", false],
    ["", undefined, false],
  ])("%j and %j: %s", (declared, found, same) => {
    expect(sameValue(declared, found)).toBe(same);
  });

  it("reads Go durations and nothing else as one", () => {
    expect(["1h0m5s", "250ms", "7", 7, "1 h", "h", ""].map(seconds)).toEqual([
      3605,
      0.25,
      7,
      7,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("Pulumi's inputs in Vault's words", () => {
  it("writes names with underscores, and leaves out what is not given", () => {
    expect(body({ backend: "k", tokenNoDefaultPolicy: true, audience: undefined }, ["backend"])).toEqual({
      token_no_default_policy: true,
    });
  });

  it("places a role below its auth mount", () => {
    const [role] = vaultTypes["vault:kubernetes/authBackendRole:AuthBackendRole"] ?? [];
    expect(role?.path({ backend: "kubernetes", roleName: "team" })).toBe("auth/kubernetes/role/team");
    expect(() => role?.path({ backend: "kubernetes" })).toThrow("the field roleName is needed");
  });

  it("makes a jwt mount of two parts, the mount and its configuration", () => {
    const parts = vaultTypes["vault:jwt/authBackend:AuthBackend"] ?? [];
    const inputs = { path: "jwt", type: "jwt", description: "d", boundIssuer: "https://issuer" };
    expect(parts.map((part) => [part.path(inputs), part.declared(inputs)])).toEqual([
      ["sys/auth/jwt", { type: "jwt", description: "d" }],
      ["auth/jwt/config", { bound_issuer: "https://issuer" }],
    ]);
  });
});
