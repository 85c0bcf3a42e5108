import { describe, expect, it } from "vitest";
import { driftText } from "../../../cli/drift/text.ts";

describe("the list of what has drifted", () => {
  it("names each thing, its fields and both values, and what was not looked at", () => {
    const text = driftText(
      {
        seen: { Vault: 12, Kubernetes: 0 },
        findings: [
          {
            server: "Vault",
            what: "policy sys/policies/acl/team.llm.gateway",
            drift: "changed",
            fields: [
              {
                field: "policy",
                declared: 'path "kv/data/a" {',
                found: 'path "kv/data/*" {',
                by: "somebody",
              },
            ],
          },
          { server: "Vault", what: "audit device sys/audit/file", drift: "missing", fields: [] },
        ],
        unseen: [{ what: "Kubernetes: 30 of 30", why: "it cannot be reached", failed: true }],
      },
      "dev",
    );
    expect(text.split("\n")).toEqual([
      "2 of stack dev are not as declared; looked at: 12 in Vault, 0 in Kubernetes.",
      "",
      "Vault: policy sys/policies/acl/team.llm.gateway: not as declared",
      "  policy (held by somebody)",
      '    declared  path "kv/data/a" {',
      '    found     path "kv/data/*" {',
      "",
      "Vault: audit device sys/audit/file: declared, and not there",
      "",
      "Not looked at (1):",
      "  Kubernetes: 30 of 30",
      "    it cannot be reached",
    ]);
  });

  it("says that there is none, and of how many", () => {
    expect(driftText({ seen: { Vault: 12, Kubernetes: 30 }, findings: [], unseen: [] }, "dev")).toBe(
      "No drift of stack dev in what was looked at: 12 in Vault, 30 in Kubernetes.",
    );
  });
});
