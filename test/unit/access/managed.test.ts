import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { managedInVault, readingOf } from "../../../access/managed.ts";
import { policyNames } from "../../../components/vault/policies.ts";
import { roleName } from "../../../components/vault/roles.ts";
import { anySettings, settingsOf } from "../arbitrary-settings.ts";

function grantsOf(required: ReturnType<typeof managedInVault>) {
  return Object.fromEntries(required.map(({ path, capabilities }) => [path, capabilities]));
}

describe("managedInVault", () => {
  it("covers what the dev stack manages", () => {
    expect(grantsOf(managedInVault(settingsOf("dev")))).toEqual({
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
      "sys/audit/file": ["update", "delete", "sudo"],
      "sys/audit/stdout": ["update", "delete", "sudo"],
      "sys/storage/raft/autopilot/configuration": ["read", "update"],
      "sys/quotas/rate-limit/global": ["read", "update", "delete"],
    });
  });

  it("does not ask to delete what production retains", () => {
    const grants = grantsOf(managedInVault(settingsOf("prod")));
    expect(grants["sys/mounts/kv-prod"]).toEqual(["read", "update"]);
    expect(grants["sys/auth/kubernetes-prod"]).toEqual(["update", "sudo"]);
    expect(grants["sys/audit/primary"]).toEqual(["update", "sudo"]);
  });

  it("asks for nothing of the cluster's where another stack manages it", () => {
    const dev = settingsOf("dev");
    const paths = managedInVault({ ...dev, vault: { ...dev.vault, cluster: "shared" } }).map(
      ({ path }) => path,
    );
    expect(paths.filter((path) => /^sys\/(audit|storage|quotas)/.test(path))).toEqual([]);
  });

  it("names each path once, every role and every policy, and no wildcard, for any declaration", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const paths = managedInVault(settings).map(({ path }) => path);
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

describe("readingOf", () => {
  it("leaves nothing that writes, and sudo only where reading needs it", () => {
    const grants = grantsOf(readingOf(managedInVault(settingsOf("dev"))));
    expect(new Set(Object.values(grants).flat())).toEqual(new Set(["read", "sudo"]));
    expect(grants["sys/audit"]).toEqual(["read", "sudo"]);
    expect(grants["sys/mounts/kv"]).toEqual(["read"]);
    expect(Object.keys(grants)).not.toContain("sys/audit/stdout");
  });
});
