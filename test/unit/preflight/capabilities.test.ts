import { describe, expect, it } from "vitest";
import { capabilityProblems } from "../../../preflight/capabilities.ts";

describe("capabilityProblems", () => {
  const required = [
    { path: "sys/auth/kubernetes", capabilities: ["update", "sudo"] },
    { path: "sys/mounts", capabilities: ["read"] },
  ] as const;

  it("finds nothing for a token that has them all, or root", () => {
    expect(
      capabilityProblems(required, { "sys/auth/kubernetes": ["root"], "sys/mounts": ["list", "read"] }),
    ).toEqual([]);
  });

  it("names the path, what is missing, what the token has, and the policy to add", () => {
    expect(capabilityProblems(required, { "sys/auth/kubernetes": ["update"] })).toEqual([
      {
        path: "Vault sys/auth/kubernetes",
        found: "a token without sudo (it has: update)",
        allowed: "update, sudo",
        fix: `add to the token's policy: path "sys/auth/kubernetes" { capabilities = ["update", "sudo"] }`,
      },
      expect.objectContaining({ path: "Vault sys/mounts", found: "a token without read (it has: nothing)" }),
    ]);
  });
});
