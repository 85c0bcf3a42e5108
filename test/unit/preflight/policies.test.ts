import { describe, expect, it } from "vitest";
import { sessionPolicy } from "../../../components/vault/policies.ts";
import { rolePrefixProblems } from "../../../preflight/policies.ts";
import { settingsOf } from "../arbitrary-settings.ts";

const dev = settingsOf("dev");
const policyOf = (environment: string) => sessionPolicy(dev.vault.auth.rolePrefix, environment).document;

describe("the role prefix", () => {
  it("is free where its session policy is missing, and this stack's own where its first line says so", () => {
    expect(rolePrefixProblems(dev, undefined)).toEqual([]);
    expect(rolePrefixProblems(dev, policyOf("dev"))).toEqual([]);
  });

  it.each([
    ["another stack's", policyOf("stage"), "environment stage"],
    ["somebody else's", 'path "kv/*" {}', "not made by this program"],
  ])("is refused when its session policy is %s", (_, policy, whose) => {
    expect(rolePrefixProblems(dev, policy)).toMatchObject([
      { path: "vault.auth.rolePrefix", found: expect.stringContaining(whose) },
    ]);
  });
});
