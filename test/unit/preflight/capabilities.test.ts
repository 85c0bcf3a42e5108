import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { policyNames } from "../../../components/vault/policies.ts";
import { roleName } from "../../../components/vault/roles.ts";
import {
  capabilityProblems,
  readCapabilities,
  requiredCapabilities,
} from "../../../preflight/capabilities.ts";
import { anySettings, settingsOf } from "../arbitrary-settings.ts";

function grantsOf(required: ReturnType<typeof requiredCapabilities>) {
  return Object.fromEntries(required.map(({ path, capabilities }) => [path, capabilities]));
}

describe("requiredCapabilities", () => {
  it("covers what the dev stack manages", () => {
    expect(grantsOf(requiredCapabilities(settingsOf("dev")))).toEqual({
      "sys/mounts": ["read"],
      "sys/mounts/kv": ["read", "update", "delete"],
      "sys/mounts/kv/tune": ["update"],
      "kv/config": ["read", "update"],
      "sys/auth": ["read"],
      "sys/auth/kubernetes": ["update", "delete", "sudo"],
      "sys/mounts/auth/kubernetes": ["read"],
      "sys/mounts/auth/kubernetes/tune": ["read", "update"],
      "auth/kubernetes/config": ["read", "update"],
      "auth/kubernetes/role/voyager-platform-llm": ["create", "read", "update", "delete"],
      "auth/kubernetes/role/voyager-platform-user": ["create", "read", "update", "delete"],
      "sys/policies/acl/voyager-platform.session": ["read", "update", "delete"],
      "sys/policies/acl/voyager-platform.llm.llm-gateway": ["read", "update", "delete"],
      "sys/audit": ["read", "sudo"],
      "sys/audit/stdout": ["update", "delete", "sudo"],
      "sys/storage/raft/autopilot/configuration": ["read", "update"],
      "sys/quotas/rate-limit/global": ["read", "update", "delete"],
    });
  });

  it("does not ask to delete what production retains", () => {
    const grants = grantsOf(requiredCapabilities(settingsOf("prod")));
    expect(grants["sys/mounts/kv-prod"]).toEqual(["read", "update"]);
    expect(grants["sys/auth/kubernetes-prod"]).toEqual(["update", "sudo"]);
    expect(grants["sys/audit/primary"]).toEqual(["update", "sudo"]);
  });

  it("asks for nothing of the cluster's where another stack manages it", () => {
    const dev = settingsOf("dev");
    const paths = requiredCapabilities({ ...dev, vault: { ...dev.vault, cluster: "shared" } }).map(
      ({ path }) => path,
    );
    expect(paths.filter((path) => /^sys\/(audit|storage|quotas)/.test(path))).toEqual([]);
  });

  it("names each path once, every role and every policy, and no wildcard, for any declaration", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const paths = requiredCapabilities(settings).map(({ path }) => path);
        expect(new Set(paths).size).toBe(paths.length);
        for (const namespace of settings.namespaces) {
          for (const store of namespace.stores) {
            const role = roleName("voyager-platform", namespace, store);
            expect(paths).toContain(`auth/kubernetes/role/${role}`);
            for (const name of policyNames("voyager-platform", namespace, store))
              expect(paths).toContain(`sys/policies/acl/${name}`);
          }
        }
        expect(paths.join()).not.toMatch(/[*+]/);
      }),
    );
  });
});

describe("readCapabilities", () => {
  it("leaves nothing that writes, and sudo only where reading needs it", () => {
    const grants = grantsOf(readCapabilities(requiredCapabilities(settingsOf("dev"))));
    expect(new Set(Object.values(grants).flat())).toEqual(new Set(["read", "sudo"]));
    expect(grants["sys/audit"]).toEqual(["read", "sudo"]);
    expect(grants["sys/mounts/kv"]).toEqual(["read"]);
    expect(Object.keys(grants)).not.toContain("sys/audit/stdout");
  });
});

describe("docs/bootstrap.md", () => {
  const text = readFileSync(new URL("../../../docs/bootstrap.md", import.meta.url), "utf8");
  const rules = [...text.matchAll(/^path "([^"]+)"\s*\{ capabilities = \[(.*)\] \}$/gm)].map(
    ([, path = "", capabilities = ""]) => ({
      path,
      capabilities: capabilities.match(/\w+/g)?.map(String) ?? [],
    }),
  );

  /** As Vault has it: the exact path, else the longest prefix before a `*`. */
  function grantedBy(policy: typeof rules, path: string): readonly string[] {
    const prefixes = policy
      .filter((rule) => rule.path.endsWith("*") && path.startsWith(rule.path.slice(0, -1)))
      .toSorted((a, b) => b.path.length - a.path.length);
    return (policy.find((rule) => rule.path === path) ?? prefixes[0])?.capabilities ?? [];
  }

  it("has a deployer's policy with all that an update asks for", () => {
    const required = requiredCapabilities(settingsOf("dev"));
    const granted = Object.fromEntries(required.map(({ path }) => [path, grantedBy(rules, path)]));
    expect(capabilityProblems(required, granted)).toEqual([]);
  });

  it("describes a previewer's policy with all that a preview asks for", () => {
    const previewer = rules.map(({ path, capabilities }) => ({
      path,
      capabilities: capabilities.filter((one) => one === "read" || one === "sudo"),
    }));
    const required = readCapabilities(requiredCapabilities(settingsOf("dev")));
    const granted = Object.fromEntries(required.map(({ path }) => [path, grantedBy(previewer, path)]));
    expect(capabilityProblems(required, granted)).toEqual([]);
  });
});

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
