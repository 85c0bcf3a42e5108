import { describe, expect, it } from "vitest";
import { differingFields } from "../../../cli/bootstrap/compare.ts";
import { desiredInVault } from "../../../cli/bootstrap/desired.ts";
import { settingsOf, settingsWith } from "../arbitrary-settings.ts";

const dev = settingsOf("dev");
const groups = desiredInVault(dev).filter(({ kind }) => kind === "identity group");

describe("what bootstrap makes for break-glass", () => {
  it("are four groups, each with its own policy, which is made before it", () => {
    expect(groups.map(({ path }) => path)).toEqual(
      [0, 1, 2, 3].map((index) => `identity/group/name/vault-management-dev-denied-${index}`),
    );
    const paths = desiredInVault(dev).map(({ path }) => path);
    for (const [index, { path, fields }] of groups.entries()) {
      expect(fields).toEqual({ type: "internal", policies: [`vault-management.dev.denied-${index}`] });
      const policy = paths.indexOf(`sys/policies/acl/vault-management.dev.denied-${index}`);
      expect(policy).toBeGreaterThanOrEqual(0);
      expect(policy).toBeLessThan(paths.indexOf(path));
    }
  });

  it("leaves alone what an incident denies: members and metadata are neither compared nor written", () => {
    const running = { member_entity_ids: ["a"], metadata: { "0-3-0": "kv" }, name: "x" };
    for (const { fields } of groups) {
      expect(differingFields(fields, { ...fields, ...running })).toEqual([]);
      expect(differingFields(fields, { ...fields, ...running, policies: [] })).toEqual(["policies"]);
    }
  });

  it.each([
    ["1h", 900, 3_600],
    ["5m", 300, 300],
  ])("gives logins of people with tokenTtl %s a token of %i s, others' of %i s", (ttl, emergency, other) => {
    const settings = settingsWith(["operators", "people", "tokenTtl"], ttl);
    const lives = (operator: string) => {
      const { fields = {} } =
        desiredInVault(settings).find(({ path }) => path === `auth/oidc/role/dev-${operator}`) ?? {};
      return [fields.token_ttl, fields.token_max_ttl, fields.token_explicit_max_ttl];
    };
    expect(lives("break-glass")).toEqual([emergency, emergency, emergency]);
    expect(lives("break-glass-restore")).toEqual([emergency, emergency, emergency]);
    expect(lives("auditor")).toEqual([other, other, other]);
  });
});
