import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseLine } from "../../../audit/entry/entry.ts";
import { Prefilter } from "../../../cli/audit/log/prefilter.ts";
import { breakGlassQuery } from "../../../cli/audit/query/break-glass.ts";
import { kvPath } from "../../../cli/audit/query/path.ts";
import type { Query } from "../../../cli/audit/query/query.ts";
import { readsQuery } from "../../../cli/audit/query/reads.ts";
import { rotationsQuery } from "../../../cli/audit/query/rotations.ts";
import { whoQuery } from "../../../cli/audit/query/who.ts";
import { settingsOf } from "../arbitrary-settings.ts";
import { rotating } from "../rotation/declarations.ts";
import { namespace, settingsWith } from "../secrets/settings.ts";
import {
  hashed,
  kubernetesLine,
  kvAnswer,
  llmStore,
  log,
  operator,
  rowsOf,
  userStore,
  vaultLine,
} from "./entries.ts";

const settings = settingsOf("dev");
const reads = readsQuery(settings, kvPath(settings, "llm/openai"));
const eso = "system:serviceaccount:vault:external-secrets";
const root = operator("root", "root");
const secrets = (namespace?: string, name?: string) => ({
  resource: "secrets",
  namespace,
  name,
  apiVersion: "v1",
});

/** The notes on a line's access, or nothing where the query does not keep it. The bytes must not hide what it keeps. */
function notesOn(query: Query, line: string): readonly string[] | undefined {
  const access = parseLine(line).entry?.access;
  const notes = access === undefined ? undefined : query.keep(access);
  const filter = new Prefilter(query.clauses);
  const bytes = Buffer.from(line);
  filter.newChunk(bytes);
  if (notes !== undefined) expect(filter.passes(0, bytes.length), `hidden: ${line}`).toBe(true);
  return notes;
}

describe("reads of a path", () => {
  it("are those of Vault's KV, refused ones too, and nobody else's path", () => {
    expect(notesOn(reads, vaultLine({ response: kvAnswer }))).toEqual([]);
    expect(notesOn(reads, vaultLine({ auth: userStore, error: "permission denied" }))).toEqual([]);
    for (const path of [
      "kv/data/llm/openai2",
      "kv/data/x/kv/data/llm/openai",
      "kv/metadata/llm/openai",
      "kv/data/llm",
    ]) {
      expect(notesOn(reads, vaultLine({ path }))).toBeUndefined();
    }
    expect(notesOn(reads, vaultLine({ operation: "create" }))).toBeUndefined();
  });

  it.each(["get", "list", "watch", "update", "patch"])(
    "are %s of the Secret that ESO writes from it",
    (verb) => {
      expect(notesOn(reads, kubernetesLine({ verb }))).toEqual([]);
    },
  );

  it("are those of all Secrets of its namespace or of the cluster", () => {
    expect(notesOn(reads, kubernetesLine({ verb: "list", object: secrets("llm") }))).toEqual([]);
    expect(notesOn(reads, kubernetesLine({ verb: "watch", object: secrets() }))).toEqual([]);
    expect(notesOn(reads, kubernetesLine({ verb: "list", object: secrets("user") }))).toBeUndefined();
    expect(notesOn(reads, kubernetesLine({ object: secrets("llm", "other") }))).toBeUndefined();
    expect(notesOn(reads, kubernetesLine({ verb: "create" }))).toBeUndefined();
    const custom = { resource: "secrets", apiGroup: "example.com", namespace: "llm", name: "openai-api-key" };
    expect(notesOn(reads, kubernetesLine({ object: custom }))).toBeUndefined();
  });

  it("mark the operator's own, and nobody else as the operator", () => {
    expect(notesOn(reads, kubernetesLine({ user: eso }))).toEqual(["ESO"]);
    expect(notesOn(reads, kubernetesLine({ user: "vault/external-secrets" }))).toEqual([]);
    expect(
      notesOn(
        reads,
        vaultLine({
          auth: {
            ...llmStore,
            metadata: { service_account_name: "external-secrets", service_account_namespace: "vault" },
          },
        }),
      ),
    ).toEqual([]);
  });
});

describe("a path", () => {
  const two = settingsWith({
    a: namespace({ s: { data: { P: "team/db#p" } } }),
    b: namespace({ s: { data: { P: "team/db#p", Q: "b/only#q" } } }, "second"),
  });

  it("is a declared one, with or without its mount, or any in full", () => {
    expect(kvPath(settings, "llm/openai")).toEqual({ mount: "kv", key: "llm/openai", declared: true });
    expect(kvPath(settings, "kv/llm/openai")).toEqual({ mount: "kv", key: "llm/openai", declared: true });
    expect(kvPath(settings, "kv/data/llm/openai")).toEqual({
      mount: "kv",
      key: "llm/openai",
      declared: true,
    });
    expect(kvPath(settings, "other/kv/data/x/y")).toEqual({ mount: "other/kv", key: "x/y", declared: false });
    expect(kvPath(two, "b/only").mount).toBe("second");
  });

  it("that is not known, or not clear, is refused with what there is", () => {
    expect(() => kvPath(settings, "llm/opnai")).toThrow(
      /not declared in this stack[\s\S]*llm\/openai {2}\(mount kv\)/,
    );
    expect(() => kvPath(two, "team/db")).toThrow("kv/data/team/db, second/data/team/db");
  });
});

describe("rotations", () => {
  const rotations = rotationsQuery(settings);

  it.each([
    ["create", "kv/data/llm/openai"],
    ["patch", "kv/data/llm/openai"],
    ["delete", "kv/data/llm/openai"],
    ["update", "kv/delete/llm/openai"],
    ["update", "kv/undelete/llm/openai"],
    ["update", "kv/destroy/llm/openai"],
    ["delete", "kv/metadata/llm/openai"],
    ["update", "database/rotate-role/app"],
    ["update", "database/rotate-root/main"],
    ["update", "ldap/rotate-role/x"],
    ["update", "transit/keys/k/rotate"],
  ])("%s %s is one", (operation, path) => {
    expect(notesOn(rotations, vaultLine({ operation, path }))).toEqual([]);
  });

  it("are certificates of a mount of type pki, whatever it is called", () => {
    const issue = { operation: "update", path: "certs/issue/web" };
    expect(notesOn(rotations, vaultLine({ ...issue, mountType: "pki" }))).toEqual([]);
    expect(notesOn(rotations, vaultLine({ ...issue, mountType: "kv" }))).toBeUndefined();
  });

  it("of a path that is not declared are marked; reads are none", () => {
    expect(notesOn(rotations, vaultLine({ operation: "create", path: "kv/data/x" }))).toEqual([
      "not declared in this stack",
    ]);
    expect(notesOn(rotations, vaultLine({}))).toBeUndefined();
    expect(
      notesOn(rotations, vaultLine({ operation: "update", path: "auth/kubernetes/login" })),
    ).toBeUndefined();
  });

  it("of a rotated key are the writes of its two slots, and the report beside its state", () => {
    const rotated = rotationsQuery(rotating());
    const note = ["state of the rotation openai-llm"];
    const slot = "rotation/openai-llm";
    expect(notesOn(rotated, vaultLine({ operation: "update" }))).toEqual([]);
    expect(notesOn(rotated, vaultLine({ operation: "update", path: `kv/data/${slot}` }))).toEqual(note);
    expect(notesOn(rotated, vaultLine({ operation: "patch", path: `kv/metadata/${slot}` }))).toEqual(note);
  });

  it("are the changes of the Secrets by ESO after them", () => {
    expect(notesOn(rotations, kubernetesLine({ verb: "update", user: eso }))).toEqual(["ESO"]);
    expect(
      notesOn(rotations, kubernetesLine({ verb: "update", object: secrets("llm", "x") })),
    ).toBeUndefined();
  });
});

describe("who", () => {
  const who = whoQuery("llm/vault-store");

  it("finds a service account in both logs, and not its namesake in another namespace", () => {
    expect(notesOn(who, vaultLine({}))).toEqual([]);
    expect(
      notesOn(who, vaultLine({ auth: { display_name: "jwt-system:serviceaccount:llm:vault-store" } })),
    ).toEqual([]);
    expect(notesOn(who, kubernetesLine({ user: "system:serviceaccount:llm:vault-store" }))).toEqual([]);
    expect(notesOn(who, vaultLine({ auth: userStore }))).toBeUndefined();
    expect(notesOn(who, kubernetesLine({ user: "system:serviceaccount:llm:vault-store-2" }))).toBeUndefined();
  });

  it("finds logins, and those refused, which name nobody", () => {
    const login = { auth: {}, path: "auth/kubernetes/login", operation: "update" };
    expect(notesOn(who, vaultLine({ ...login, response: { auth: llmStore } }))).toEqual([]);
    for (const refused of [
      { error: "namespace not authorized", response: {} },
      { response: { data: { error: hashed } } },
    ]) {
      expect(notesOn(who, vaultLine({ ...login, ...refused }))).toEqual([
        expect.stringContaining("refused login"),
      ]);
    }
    expect(notesOn(who, vaultLine({ auth: {}, error: "permission denied" }))).toBeUndefined();
  });

  it("finds whoever logged in with a role, as an alert names the login", () => {
    const role = parseLine(vaultLine({})).entry?.access?.who.role ?? "";
    expect(role).toMatch(/llm/);
    expect(notesOn(whoQuery(role), vaultLine({}))).toEqual([]);
    expect(notesOn(whoQuery(role), vaultLine({ auth: userStore }))).toBeUndefined();
  });

  it.each(["token-alice", "alice", "e7ba224e-65c1-d4fe-0959-c4971d26ec70"])(
    "finds an operator by %s",
    (name) => {
      const auth = {
        ...operator("token-alice", "default"),
        entity_id: "e7ba224e-65c1-d4fe-0959-c4971d26ec70",
      };
      expect(notesOn(whoQuery(name), vaultLine({ auth }))).toEqual([]);
      expect(notesOn(whoQuery("lice"), vaultLine({ auth }))).toBeUndefined();
    },
  );
});

describe("break-glass", () => {
  const query = breakGlassQuery(settings);

  it.each([
    ["break-glass token", { auth: operator("oidc-alice", "vault-management.dev.break-glass-reader") }],
    ["root token", { auth: root }],
    ["root token being made", { auth: {}, operation: "update", path: "sys/generate-root/attempt" }],
    ["tokens revoked", { operation: "update", path: "auth/token/revoke-accessor" }],
    ["leases revoked", { operation: "update", path: "sys/leases/revoke-prefix/auth/kubernetes" }],
    ["versions destroyed", { operation: "update", path: "kv/destroy/llm/openai" }],
    ["secret deleted with all versions", { operation: "delete", path: "kv/metadata/llm/openai" }],
    ["policy changed", { operation: "update", path: "sys/policies/acl/deny-all" }],
    [
      "identities changed",
      { operation: "update", path: "identity/group/name/vault-management-dev-denied-0" },
    ],
    ["audit devices changed", { operation: "delete", path: "sys/audit/file" }],
    ["seal", { operation: "update", path: "sys/seal" }],
    ["all of the storage", { path: "sys/storage/raft/snapshot" }],
  ])("is a %s", (note, fields) => {
    expect(notesOn(query, vaultLine(fields))).toEqual([note]);
  });

  const rbac = {
    apiGroup: "rbac.authorization.k8s.io",
    resource: "rolebindings",
    namespace: "llm",
    name: "x",
  };
  const token = { resource: "serviceaccounts", subresource: "token", namespace: "llm", name: "vault-store" };
  const pod = { resource: "pods", namespace: "vault", name: "x" };
  it.each([
    ["rights in the cluster changed", "create", rbac],
    [
      "admission changed",
      "delete",
      { apiGroup: "admissionregistration.k8s.io", resource: "validatingadmissionpolicies", name: "x" },
    ],
    ["token of a service account", "create", token],
    ["into a pod", "create", { ...pod, namespace: "llm", subresource: "exec" }],
    ["workload beside ESO changed", "create", pod],
    ["workload beside ESO changed", "patch", { ...pod, apiGroup: "apps", resource: "deployments" }],
  ])("is, in the cluster, %s", (note, verb, object) => {
    expect(notesOn(query, kubernetesLine({ verb, user: "mallory", object }))).toEqual([note]);
  });

  const controller = "system:serviceaccount:kube-system:";
  it.each([
    ["by another service account of kube-system", { user: `${controller}default` }],
    [
      "by a pod that took a controller's service account",
      { user: `${controller}generic-garbage-collector`, pod: "x" },
    ],
    ["by a user named like a controller", { user: "kube-system/generic-garbage-collector" }],
    ["by a user named like ESO", { user: "vault/external-secrets" }],
    ["by who impersonates a controller", { impersonated: `${controller}generic-garbage-collector` }],
    ["by who impersonates ESO", { impersonated: eso }],
    ["by who impersonates a part of the cluster", { impersonated: "system:kube-controller-manager" }],
    ["by a controller's name in another namespace", { user: "system:serviceaccount:llm:job-controller" }],
    ["by somebody without a name", { user: "system:anonymous" }],
  ])("is, in the cluster, a change of rights %s", (_whose, who) => {
    expect(notesOn(query, kubernetesLine({ ...who, verb: "create", object: rbac }))).toEqual([
      "rights in the cluster changed",
    ]);
  });

  it.each([
    ["what ESO does", "create", token, eso],
    ["what the cluster's own parts do", "create", token, "system:node:one"],
    ["what its controllers do", "update", rbac, `${controller}clusterrole-aggregation-controller`],
    ["what its controllers do beside ESO", "create", pod, `${controller}replicaset-controller`],
    ["reading rights", "list", rbac, "mallory"],
    ["a tenant's own pods", "create", { ...pod, namespace: "llm" }, "mallory"],
  ])("is not, in the cluster, %s", (_what, verb, object, user) => {
    expect(notesOn(query, kubernetesLine({ verb, user, object }))).toBeUndefined();
  });

  it.each([
    { operation: "update", path: "auth/token/revoke-self" },
    { path: "sys/policies/acl/x" },
    { path: "sys/audit" },
    { path: "kv/metadata/llm/openai" },
    { auth: operator("oidc-bob", "vault-management.prod.break-glass") },
  ])("is not everyday work, nor another environment's: %j", (fields) => {
    expect(notesOn(query, vaultLine(fields))).toBeUndefined();
  });
});

const rbac = { apiGroup: "rbac.authorization.k8s.io", resource: "roles", namespace: "llm", name: "x" };

it("no query's filter on bytes hides what the query keeps", () => {
  const word = fc.constantFrom(
    "kv",
    "data",
    "metadata",
    "destroy",
    "llm",
    "openai",
    "sys",
    "auth",
    "token",
    "rotate",
    "issue",
    "ü&<",
    "login",
    "audit",
    "policies",
    "acl",
  );
  const path = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join("/"));
  const auth = fc.constantFrom(llmStore, userStore, root, {}, operator("token-ü&", "default"));
  const fields = fc.record({
    auth,
    path,
    operation: fc.constantFrom("read", "create", "update", "delete"),
    mountType: fc.constantFrom("kv", "pki"),
    response: fc.constantFrom(undefined, {}, { data: { error: hashed } }),
  });
  const line = fc.oneof(
    fields.map((one) => vaultLine(one)),
    fc
      .record({
        verb: fc.constantFrom("get", "list", "update"),
        user: fc.constantFrom(eso, "ü&"),
        object: fc.constantFrom(secrets("llm", "openai-api-key"), secrets("llm"), secrets(), rbac),
      })
      .map((one) => kubernetesLine(one)),
  );
  const queries = [
    reads,
    rotationsQuery(settings),
    breakGlassQuery(settings),
    whoQuery("llm/vault-store"),
    whoQuery("ü&"),
    readsQuery(settings, kvPath(settings, "kv/data/ü&</llm")),
  ];
  fc.assert(
    fc.property(line, fc.constantFrom(...queries), (text, query) => {
      notesOn(query, text);
    }),
    { numRuns: 1_000 },
  );
});

it("entries before --since are left out", async () => {
  const lines = ["2026-11-24T03:00:00Z", "2026-11-24T04:00:00Z"].map((time, index) =>
    vaultLine({ time, id: `id-${index}` }),
  );
  const rows = await rowsOf([log("a", lines)], reads, { sinceMs: Date.parse("2026-11-24T03:30:00Z") });
  expect(rows.map(({ id }) => id)).toEqual(["id-1"]);
});

it("a value is found by its hash, and its place told, never the hash", async () => {
  const other = vaultLine({ id: "other", response: { data: { data: { api_key: "hmac-sha256:6" } } } });
  const rows = await rowsOf([log("a", [vaultLine({ response: kvAnswer }), other])], reads, {
    hashes: new Set([hashed]),
  });
  expect(rows).toHaveLength(1);
  expect(rows[0]?.places).toContain("response.data.data.api_key");
  expect(JSON.stringify(rows)).not.toContain(hashed);
});
