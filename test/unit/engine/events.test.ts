import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { describe, expect, it } from "vitest";
import { warningOf } from "../../../sandbox/engine/pulumi/events.ts";

const warning = (types: string, message = "mind this"): EngineEvent => ({
  sequence: 1,
  timestamp: 0,
  diagnosticEvent: {
    ...{ color: "never", severity: "warning", message },
    urn: types === "" ? "" : `urn:pulumi:dev::vault-management::${types}::name`,
  },
});

describe("a warning that Pulumi's engine tells of", () => {
  it.each([
    ["nothing in particular", ""],
    ["the stack", "pulumi:pulumi:Stack"],
    ["a component", "vault-management:databases:Databases"],
    ["a component within another", "vault-management:a:A$vault-management:b:B"],
  ])("is the program's own where it is about %s", (_what, types) => {
    expect(warningOf(warning(types))).toBe("mind this");
  });

  it.each([
    ["a resource", "vault-management:databases:Databases$vault:index/mount:Mount"],
    ["a provider", "pulumi:providers:vault"],
  ])("is left out where it is about %s", (_what, types) => {
    expect(warningOf(warning(types))).toBeUndefined();
  });

  it("is left out where it is Pulumi's note of its own version", () => {
    expect(warningOf(warning("", "using pulumi-language-nodejs from PATH"))).toBeUndefined();
  });
});
