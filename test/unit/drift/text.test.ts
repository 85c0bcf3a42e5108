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

  it("says that nothing could be looked at, and not that there is no drift", () => {
    const unseen = [{ what: "Vault: 12 of 12", why: "it cannot be reached", failed: true }];
    const [headline] = driftText({ seen: { Vault: 0 }, findings: [], unseen }, "dev").split("\n");
    expect(headline).toBe("Nothing of stack dev could be looked at, so nobody knows whether it has drifted.");
  });

  it.each([
    [
      "at its beginning",
      `A${"x".repeat(1_000)}`,
      `B${"x".repeat(1_000)}`,
      /declared {2}Ax+\.\.\. \(1001 characters\)$/m,
    ],
    [
      "far behind",
      `${"x".repeat(500)}A`,
      `${"x".repeat(500)}B`,
      /declared {2}x{40}\.\.\.x{10}A\.\.\. \(501 characters\)$/m,
    ],
  ])("cuts long values, and keeps where they differ: %s", (_where, declared, found, line) => {
    const fields = [{ field: "caBundle", declared, found }];
    const text = driftText(
      {
        seen: { Kubernetes: 1 },
        findings: [{ server: "Kubernetes", what: "a", drift: "changed", fields }],
        unseen: [],
      },
      "dev",
    );
    expect(text).toMatch(line);
    for (const one of text.split("\n")) expect(one.length).toBeLessThan(170);
  });
});
