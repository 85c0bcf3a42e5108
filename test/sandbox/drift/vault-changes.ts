import { join } from "node:path";
import type { Change } from "./change.ts";
import { generatedPath } from "./ground.ts";

export const inVault: readonly Change[] = [
  {
    title: "a policy widened",
    what: /^policy sys\/policies\/acl\/voyager-platform\.llm\.llm-gateway$/,
    found: ["changed", "policy"],
    make: ({ vault }) =>
      vault.write("sys/policies/acl/voyager-platform.llm.llm-gateway", {
        policy: 'path "kv/data/llm/*" {\n  capabilities = ["read"]\n}\n',
      }),
  },
  {
    title: "a policy that nobody declared",
    what: /^policy sys\/policies\/acl\/voyager-platform\.extra$/,
    found: ["undeclared"],
    make: ({ vault }) =>
      vault.write("sys/policies/acl/voyager-platform.extra", {
        policy: 'path "kv/data/llm/*" { capabilities = ["read"] }',
      }),
  },
  {
    title: "a role rebound to another account",
    what: /^role auth\/kubernetes\/role\/voyager-platform-user$/,
    found: ["changed", "bound_service_account_names", "token_period"],
    make: async ({ vault }) => {
      const role = await vault.read("auth/kubernetes/role/voyager-platform-user");
      await vault.write("auth/kubernetes/role/voyager-platform-user", {
        ...role,
        bound_service_account_names: ["vault-store", "default"],
        token_period: "1h",
      });
    },
    undo: ({ vault }) => vault.delete("auth/kubernetes/role/voyager-platform-user"),
  },
  {
    title: "a role that nobody declared",
    what: /^role auth\/kubernetes\/role\/voyager-platform-extra$/,
    found: ["undeclared"],
    make: ({ vault }) =>
      vault.write("auth/kubernetes/role/voyager-platform-extra", {
        bound_service_account_names: ["default"],
        bound_service_account_namespaces: ["llm"],
        audience: "vault",
        token_policies: ["voyager-platform.llm.llm-gateway"],
      }),
  },
  {
    title: "a login under another name that gives a policy of the stack",
    what: /^role auth\/kubernetes\/role\/by-hand$/,
    found: ["undeclared", "token_policies"],
    make: ({ vault }) =>
      vault.write("auth/kubernetes/role/by-hand", {
        bound_service_account_names: ["default"],
        bound_service_account_namespaces: ["llm"],
        audience: "vault",
        token_policies: ["voyager-platform.llm.llm-gateway"],
      }),
    undo: ({ vault }) => vault.delete("auth/kubernetes/role/by-hand"),
  },
  {
    title: "an audit device removed",
    what: /^audit device sys\/audit\/stdout$/,
    found: ["missing"],
    make: ({ vault }) => vault.delete("sys/audit/stdout"),
  },
  {
    title: "an audit device added",
    what: /^audit device sys\/audit\/by-hand$/,
    found: ["undeclared", "as"],
    make: ({ vault, sandbox }) =>
      vault.write("sys/audit/by-hand", {
        type: "file",
        options: { file_path: join(sandbox.paths.vaultAudit, "by-hand.log") },
      }),
    undo: ({ vault }) => vault.delete("sys/audit/by-hand"),
  },
  {
    title: "a mount's tuning",
    what: /^mount sys\/mounts\/kv$/,
    found: ["changed", "config.audit_non_hmac_request_keys", "config.max_lease_ttl"],
    make: ({ vault }) =>
      vault.write("sys/mounts/kv/tune", { audit_non_hmac_request_keys: ["data"], max_lease_ttl: "2h" }),
    undo: ({ vault }) =>
      vault.write("sys/mounts/kv/tune", { audit_non_hmac_request_keys: "", max_lease_ttl: "system" }),
  },
  {
    title: "a KV mount's configuration",
    what: /^configuration kv\/config$/,
    found: ["changed", "cas_required"],
    make: ({ vault }) => vault.write("kv/config", { cas_required: false }),
  },
  {
    title: "how logins are checked",
    what: /^configuration auth\/kubernetes\/config$/,
    found: ["changed", "use_annotations_as_alias_metadata"],
    make: async ({ vault }) => {
      const config = await vault.read("auth/kubernetes/config");
      await vault.write("auth/kubernetes/config", { ...config, use_annotations_as_alias_metadata: true });
    },
    undo: async ({ vault }) => {
      const config = await vault.read("auth/kubernetes/config");
      await vault.write("auth/kubernetes/config", { ...config, use_annotations_as_alias_metadata: false });
    },
  },
  {
    title: "autopilot",
    what: /^configuration sys\/storage\/raft\/autopilot\/configuration$/,
    found: ["changed", "last_contact_threshold"],
    make: ({ vault }) =>
      vault.write("sys/storage/raft/autopilot/configuration", { last_contact_threshold: "30s" }),
  },
  {
    title: "a quota",
    what: /^quota sys\/quotas\/rate-limit\/global$/,
    found: ["changed", "rate"],
    make: ({ vault }) => vault.write("sys/quotas/rate-limit/global", { rate: 3_000 }),
  },
  {
    title: "a quota that nobody declared",
    what: /^quota sys\/quotas\/rate-limit\/by-hand$/,
    found: ["undeclared"],
    make: ({ vault }) => vault.write("sys/quotas/rate-limit/by-hand", { rate: 9_000, path: "kv" }),
    undo: ({ vault }) => vault.delete("sys/quotas/rate-limit/by-hand"),
  },
  {
    title: "a certificate role that issues any name",
    what: /^certificate role drift-int\/roles\//,
    found: ["changed", "allow_any_name", "cn_validations"],
    make: async ({ vault }) => {
      const [name] = (await vault.list("drift-int/roles")) ?? [];
      await vault.write(`drift-int/roles/${name}`, {
        ...(await vault.read(`drift-int/roles/${name}`)),
        allow_any_name: true,
        cn_validations: ["disabled"],
      });
    },
  },
  {
    title: "a certificate role under another name",
    what: /^role drift-int\/roles\/by-hand$/,
    found: ["undeclared"],
    make: ({ vault }) => vault.write("drift-int/roles/by-hand", { allow_any_name: true }),
    undo: ({ vault }) => vault.delete("drift-int/roles/by-hand"),
  },
  {
    title: "an issuer renamed",
    what: /^issuer drift-int\/issuer\/int-g1$/,
    found: ["missing"],
    make: ({ vault }) => vault.write("drift-int/issuer/int-g1", { issuer_name: "renamed" }),
    undo: ({ vault }) =>
      vault.write("drift-int/issuer/renamed", { issuer_name: "int-g1", leaf_not_after_behavior: "err" }),
  },
  {
    title: "a CA's tidying",
    what: /^configuration drift-int\/config\/auto-tidy$/,
    found: ["changed", "enabled"],
    make: ({ vault }) => vault.write("drift-int/config/auto-tidy", { enabled: false }),
  },
  {
    title: "where a database is",
    what: /^database connection drift-database\/config\/orders$/,
    found: ["changed", "connection_url"],
    make: ({ vault }) =>
      vault.write("drift-database/config/orders", {
        connection_url: "postgresql://{{username}}:{{password}}@127.0.0.1:2/elsewhere?sslmode=verify-full",
        verify_connection: false,
      }),
  },
  {
    title: "a generated value replaced",
    what: new RegExp(`^generated secret kv/metadata/${generatedPath}$`),
    found: ["changed", "current_version"],
    make: ({ vault }) =>
      vault.write(`kv/data/${generatedPath}`, { options: { cas: 1 }, data: { password: "by hand" } }),
    undo: ({ vault }) => vault.delete(`kv/metadata/${generatedPath}`),
  },
  {
    title: "the policy of a rotator",
    what: /^policy sys\/policies\/acl\/voyager-platform\..*openai-drift/,
    found: ["changed", "policy"],
    make: async ({ vault }) => {
      const names = (await vault.list("sys/policies/acl")) ?? [];
      const name = names.find((one) => one.startsWith("voyager-platform.") && one.includes("openai-drift"));
      await vault.write(`sys/policies/acl/${name}`, {
        policy: 'path "kv/data/drift/rotated" {\n  capabilities = ["read"]\n}\n',
      });
    },
  },
];
