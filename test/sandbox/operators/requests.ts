import type { VaultMethod } from "../../../clients/vault.ts";
import { kv, workloads } from "./ground.ts";

/** What is asked, in words, and the request. */
export type Request = readonly [what: string, method: VaultMethod, path: string, body?: unknown];

const description = "vault-management optest";
const role = `auth/${workloads}/role/optest-optest-a`;

/** The role of the declared namespace, as the program writes it. */
export const declaredRole = {
  bound_service_account_names: ["vault-store"],
  bound_service_account_namespaces: ["optest-a"],
  audience: "vault",
  token_policies: ["optest.session", "optest.optest-a.api"],
  token_no_default_policy: true,
  token_ttl: 600,
  token_max_ttl: 1_800,
  token_bound_cidrs: [],
  token_type: "service",
};

/** What an update writes, in its order; each is allowed to the deployer. */
export function updateOf(apiAddress: string, caPem: string, auditFile: string): readonly Request[] {
  return [
    [
      "an audit device",
      "POST",
      "sys/audit/optest",
      { type: "file", description, local: false, options: { file_path: auditFile } },
    ],
    ["the KV mount", "POST", `sys/mounts/${kv}`, { type: "kv", options: { version: "2" }, description }],
    ["its description", "POST", `sys/mounts/${kv}/tune`, { description }],
    ["the auth mount", "POST", `sys/auth/${workloads}`, { type: "kubernetes", description }],
    [
      "its configuration",
      "POST",
      `auth/${workloads}/config`,
      {
        kubernetes_host: apiAddress,
        kubernetes_ca_cert: caPem.trim(),
        disable_local_ca_jwt: true,
        disable_iss_validation: true,
      },
    ],
    [
      "a service's policy",
      "POST",
      "sys/policies/acl/optest.optest-a.api",
      { policy: `path "${kv}/data/team/db" { capabilities = ["read"] }` },
    ],
    [
      "the session's policy",
      "POST",
      "sys/policies/acl/optest.session",
      { policy: 'path "auth/token/lookup-self" { capabilities = ["read"] }' },
    ],
    ["a declared role", "POST", role, declaredRole],
    [
      "a declared role, its policies in the provider's order",
      "POST",
      role,
      { ...declaredRole, token_policies: ["optest.optest-a.api", "optest.session"] },
    ],
    ["a quota", "POST", "sys/quotas/rate-limit/optest", { rate: 5_000, interval: 1, path: `${kv}/` }],
  ];
}

/** What somebody would try who has got hold of a deployer's token; each is refused. */
export function attacksOn(auditFile: string): readonly Request[] {
  const roleWith = (what: string, fields: object): Request => [
    `a role with ${what}`,
    "POST",
    role,
    { ...declaredRole, ...fields },
  ];
  return [
    ["a value", "GET", `${kv}/data/team/db`],
    ["the names of values", "LIST", `${kv}/metadata/team`],
    ["its own policy", "POST", "sys/policies/acl/vault-management.optest.deployer", { policy: "" }],
    ["another operator's policy", "POST", "sys/policies/acl/vault-management.optest.auditor", { policy: "" }],
    ["a policy of no service", "POST", "sys/policies/acl/optest.optest-a.other", { policy: "" }],
    [
      "its own policy by the old address",
      "POST",
      "sys/policy/vault-management.optest.deployer",
      { policy: "" },
    ],
    roleWith("another service account", { bound_service_account_names: ["default"] }),
    roleWith("any service account", { bound_service_account_names: ["*"] }),
    roleWith("one more service account", { bound_service_account_names: ["vault-store", "default"] }),
    roleWith("another namespace", { bound_service_account_namespaces: ["kube-system"] }),
    roleWith("namespaces by label", { bound_service_account_namespace_selector: '{"matchLabels":{}}' }),
    roleWith("another audience", { audience: "kubernetes" }),
    roleWith("no audience", { audience: "" }),
    roleWith("an operator's policy", { token_policies: ["vault-management.optest.deployer"] }),
    roleWith("one more policy", {
      token_policies: ["optest.session", "optest.optest-a.api", "vault-management.optest.secret-admin"],
    }),
    roleWith("root", { token_policies: ["root"] }),
    roleWith("policies as a text", { token_policies: "root" }),
    roleWith("policies by their old name", { policies: ["vault-management.optest.deployer"] }),
    roleWith("a life by its old name", { ttl: "768h" }),
    roleWith("uses by their old name", { num_uses: 0 }),
    roleWith("networks by their old name", { bound_cidrs: ["0.0.0.0/0"] }),
    roleWith("the default policy", { token_no_default_policy: false }),
    roleWith("a period", { token_period: "24h" }),
    roleWith("batch tokens", { token_type: "batch" }),
    ["a role of no namespace", "POST", `auth/${workloads}/role/optest-other`, declaredRole],
    ["another cluster", "POST", `auth/${workloads}/config`, { kubernetes_host: "https://127.0.0.1:1" }],
    ["a reviewer of its own", "POST", `auth/${workloads}/config`, { token_reviewer_jwt: "x" }],
    [
      "a token of other policies",
      "POST",
      "auth/token/create",
      { policies: ["vault-management.optest.auditor"] },
    ],
    ["a token of its own policies", "POST", "auth/token/create", {}],
    ["a token without a parent", "POST", "auth/token/create-orphan", {}],
    ["a role for tokens", "POST", "auth/token/roles/x", { allowed_policies: ["root"] }],
    ["another method of login", "POST", "sys/auth/userpass", { type: "userpass" }],
    ["another method on its own mount", "POST", `sys/auth/${workloads}`, { type: "userpass" }],
    ["another engine on its own mount", "POST", `sys/mounts/${kv}`, { type: "database" }],
    [
      "values as they are in the log",
      "POST",
      `sys/mounts/${kv}/tune`,
      { audit_non_hmac_response_keys: ["data"] },
    ],
    [
      "tokens as they are in the log",
      "POST",
      `sys/mounts/auth/${workloads}/tune`,
      { audit_non_hmac_request_keys: ["jwt"] },
    ],
    [
      "an audit device that logs values",
      "POST",
      "sys/audit/optest",
      { type: "file", options: { file_path: auditFile, log_raw: "true" } },
    ],
    [
      "an audit device of its own",
      "POST",
      "sys/audit/mine",
      { type: "file", options: { file_path: "/tmp/x" } },
    ],
    ["the storage itself", "GET", "sys/raw/core/keyring"],
    ["a snapshot", "GET", "sys/storage/raft/snapshot"],
    ["another mount moved here", "POST", "sys/remount", { from: kv, to: "elsewhere" }],
    ["an entity", "POST", "identity/entity", { name: "x", policies: ["root"] }],
    ["a group", "POST", "identity/group", { name: "x", policies: ["vault-management.optest.secret-admin"] }],
    ["a plugin", "POST", "sys/plugins/catalog/auth/x", { command: "x", sha256: "0".repeat(64) }],
    ["sealing", "POST", "sys/seal", {}],
  ];
}
