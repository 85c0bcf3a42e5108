import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { describe, expect, it } from "vitest";
import { findingOf, isLookedAt } from "../../../cli/drift/engine/events.ts";
import { type Finding, merged } from "../../../cli/drift/finding.ts";

const type = "vault:index/policy:Policy";
const step = (op: string, fields: object = {}) =>
  ({
    resourcePreEvent: {
      metadata: {
        op,
        type,
        urn: `urn:pulumi:dev::vault-management::${type}::team.session`,
        provider: "urn:pulumi:dev::p::pulumi:providers:vault::vault::id",
        ...fields,
      },
    },
  }) as unknown as EngineEvent;

describe("a preview of Pulumi's engine that looks at the servers", () => {
  it("says what was changed by hand, with the values of both sides", () => {
    const event = step("update", {
      detailedDiff: { 'metadata.labels["a.b"]': { diffKind: "update", inputDiff: false } },
      old: { inputs: {}, outputs: { metadata: { labels: { "a.b": "by hand" } } } },
      new: { inputs: { metadata: { labels: { "a.b": "declared" } } } },
    });
    expect(findingOf(event)).toEqual({
      server: "Vault",
      what: `${type} team.session`,
      drift: "changed",
      fields: [{ field: 'metadata.labels["a.b"]', declared: "declared", found: "by hand" }],
      resource: `${type} team.session`,
    });
  });

  it.each([
    ["create", "missing"],
    ["delete", "undeclared"],
    ["replace", "changed"],
  ])("takes %s for %s", (op, drift) => {
    expect(findingOf(step(op))?.drift).toBe(drift);
  });

  it("leaves out what stays as it is, components and providers", () => {
    expect(findingOf(step("same"))).toBeUndefined();
    expect(findingOf(step("update", { provider: "" }))).toBeUndefined();
    expect(findingOf(step("update", { type: "pulumi:providers:vault" }))).toBeUndefined();
    expect(isLookedAt(step("same"))).toBe(true);
    expect(isLookedAt(step("same", { provider: "" }))).toBe(false);
  });

  it("says once what both ways have found", () => {
    const finding = (what: string, resource: string): Finding => ({
      server: "Vault",
      what,
      drift: "changed",
      fields: [],
      resource,
    });
    const looked = (...findings: readonly Finding[]) => ({ seen: {}, findings, unseen: [] });
    const direct = looked(finding("policy sys/policies/acl/a", "Policy a"));
    const engine = looked(finding("Policy a", "Policy a"), finding("Policy b", "Policy b"));
    expect(merged(engine, direct).findings.map(({ what }) => what)).toEqual([
      "policy sys/policies/acl/a",
      "Policy b",
    ]);
  });
});
