import { join } from "node:path";
import type { DriftGround } from "./ground.ts";
import { generatedPath } from "./ground.ts";

/** Something that a person does by hand. */
export interface Change {
  readonly title: string;
  /** Of what is found, and the drift and the fields that are. */
  readonly what: RegExp;
  readonly found: readonly string[];
  make(ground: DriftGround): Promise<unknown>;
  /** What an update does not take back by itself. */
  undo?(ground: DriftGround): Promise<unknown>;
}

const RBAC = "rbac.authorization.k8s.io/v1";
const llm = (name: string) => ({ name, namespace: "llm" });

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
    found: ["changed", "allow_any_name"],
    make: async ({ vault }) => {
      const [name] = (await vault.list("drift-int/roles")) ?? [];
      await vault.write(`drift-int/roles/${name}`, {
        ...(await vault.read(`drift-int/roles/${name}`)),
        allow_any_name: true,
      });
    },
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

export const inKubernetes: readonly Change[] = [
  {
    title: "an ExternalSecret edited",
    what: /^ExternalSecret llm\/openai-api-key$/,
    found: ["changed", "spec.refreshInterval", "spec.refreshPolicy"],
    make: ({ patch }) =>
      patch(
        {
          apiVersion: "external-secrets.io/v1",
          kind: "ExternalSecret",
          metadata: llm("openai-api-key"),
        },
        { spec: { refreshInterval: "2h", refreshPolicy: "CreatedOnce" } },
      ),
    undo: ({ patch }) =>
      patch(
        {
          apiVersion: "external-secrets.io/v1",
          kind: "ExternalSecret",
          metadata: llm("openai-api-key"),
        },
        { spec: { refreshPolicy: null } },
      ),
  },
  {
    title: "a SecretStore edited",
    what: /^SecretStore llm\/vault-store$/,
    found: ["changed", "spec.refreshInterval"],
    make: ({ patch }) =>
      patch(
        { apiVersion: "external-secrets.io/v1", kind: "SecretStore", metadata: llm("vault-store") },
        { spec: { refreshInterval: 60 } },
      ),
    undo: ({ patch }) =>
      patch(
        { apiVersion: "external-secrets.io/v1", kind: "SecretStore", metadata: llm("vault-store") },
        { spec: { refreshInterval: null } },
      ),
  },
  {
    title: "a RoleBinding widened",
    what: /^RoleBinding llm\/external-secrets$/,
    found: ["changed", "subjects"],
    make: ({ patch }) =>
      patch(
        { apiVersion: RBAC, kind: "RoleBinding", metadata: llm("external-secrets") },
        {
          subjects: [
            { kind: "ServiceAccount", name: "external-secrets", namespace: "vault" },
            { kind: "ServiceAccount", name: "default", namespace: "llm" },
          ],
        },
      ),
  },
  {
    title: "a Role with one verb more",
    what: /^Role user\/external-secrets$/,
    found: ["changed", "rules"],
    make: ({ patch }) =>
      patch(
        {
          apiVersion: RBAC,
          kind: "Role",
          metadata: { name: "external-secrets", namespace: "user" },
        },
        { rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["*"] }] },
      ),
  },
  {
    title: "a Role that nobody declared, with the stack's labels",
    what: /^Role llm\/by-hand$/,
    found: ["undeclared"],
    make: ({ create }) =>
      create({
        apiVersion: RBAC,
        kind: "Role",
        metadata: {
          ...llm("by-hand"),
          labels: {
            "app.kubernetes.io/managed-by": "vault-management",
            "vault-management/environment": "dev",
          },
        },
        rules: [],
      }),
    undo: ({ remove }) => remove({ apiVersion: RBAC, kind: "Role", metadata: llm("by-hand") }),
  },
  {
    title: "an admission policy's binding removed",
    what: /^ValidatingAdmissionPolicyBinding vault-management-dev-stores$/,
    found: ["missing"],
    make: ({ remove }) =>
      remove({
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingAdmissionPolicyBinding",
        metadata: { name: "vault-management-dev-stores" },
      }),
  },
  {
    title: "an admission policy that only warns",
    what: /^ValidatingAdmissionPolicy vault-management-dev-external-secrets$/,
    found: ["changed", "spec.failurePolicy"],
    make: ({ patch }) =>
      patch(
        {
          apiVersion: "admissionregistration.k8s.io/v1",
          kind: "ValidatingAdmissionPolicy",
          metadata: { name: "vault-management-dev-external-secrets" },
        },
        { spec: { failurePolicy: "Ignore" } },
      ),
  },
  {
    title: "a namespace's labels",
    what: /^Namespace vault$/,
    found: ["changed", 'metadata.labels["pod-security.kubernetes.io/enforce"]'],
    make: ({ patch }) =>
      patch(
        { apiVersion: "v1", kind: "Namespace", metadata: { name: "vault" } },
        { metadata: { labels: { "pod-security.kubernetes.io/enforce": "privileged" } } },
      ),
  },
  {
    title: "a service account that gives its token to pods",
    what: /^ServiceAccount llm\/vault-store$/,
    found: ["changed", "automountServiceAccountToken"],
    make: ({ patch }) =>
      patch(
        { apiVersion: "v1", kind: "ServiceAccount", metadata: llm("vault-store") },
        { automountServiceAccountToken: true },
      ),
  },
  {
    title: "a network policy removed",
    what: /^NetworkPolicy vault\/default-deny$/,
    found: ["missing"],
    make: ({ remove }) =>
      remove({
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { name: "default-deny", namespace: "vault" },
      }),
  },
  {
    title: "a rotation suspended",
    what: /^CronJob vault-rotation\/rotate-openai-drift$/,
    found: ["changed", "spec.suspend"],
    make: ({ patch }) =>
      patch(
        {
          apiVersion: "batch/v1",
          kind: "CronJob",
          metadata: { name: "rotate-openai-drift", namespace: "vault-rotation" },
        },
        { spec: { suspend: true } },
      ),
    undo: ({ patch }) =>
      patch(
        {
          apiVersion: "batch/v1",
          kind: "CronJob",
          metadata: { name: "rotate-openai-drift", namespace: "vault-rotation" },
        },
        { spec: { suspend: false } },
      ),
  },
  {
    title: "the operator's own Deployment",
    what: /^Deployment vault\/external-secrets$/,
    found: ["changed", "spec.revisionHistoryLimit"],
    make: ({ patch }) =>
      patch(
        {
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata: { name: "external-secrets", namespace: "vault" },
        },
        { spec: { revisionHistoryLimit: 7 } },
      ),
    undo: ({ patch }) =>
      patch(
        {
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata: { name: "external-secrets", namespace: "vault" },
        },
        { spec: { revisionHistoryLimit: 3 } },
      ),
  },
];
