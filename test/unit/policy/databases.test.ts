import { describe, expect, it } from "vitest";
import { dynamicRoleParameters, postgresqlParameters } from "../../../components/databases/parameters.ts";
import { databaseAccounts, databaseConnections, databasePasswords } from "../../../policy/rules/databases.ts";
import { UNKNOWN } from "../../../policy/rules/resource.ts";
import { workloadPolicies } from "../../../policy/rules/workload-policies.ts";
import { batch, databaseSettings } from "../databases/declarations.ts";
import { found, resource } from "./judged.ts";

const CONNECTION = "vault:database/secretBackendConnection:SecretBackendConnection";
const MOUNT = "vault:database/secretsMount:SecretsMount";
const STATIC = "vault:database/secretBackendStaticRole:SecretBackendStaticRole";
const ROLE = "vault:database/secretBackendRole:SecretBackendRole";

const { databases } = databaseSettings({ roles: { "orders-app": batch } });
const [connection] = databases;
const [role] = connection?.roles ?? [];
if (connection === undefined || role?.kind !== "dynamic") throw new Error("no dynamic role is declared");
const own = { allowedRoles: ["orders-app"], postgresql: postgresqlParameters(connection) };

describe("database-passwords", () => {
  it("passes the program's own connection", () => {
    expect(found(databasePasswords, resource(CONNECTION, own))).toEqual([]);
    expect(found(databasePasswords, resource(STATIC, { username: "orders_app" }))).toEqual([]);
  });

  it.each<[string, string, object]>([
    ["a password", CONNECTION, { postgresql: { ...own.postgresql, password: "hunter2-canary" } }],
    ["one that is not known yet", CONNECTION, { postgresql: { password: UNKNOWN } }],
    ["a write-only one", CONNECTION, { postgresql: { passwordWo: "hunter2-canary" } }],
    ["one of another kind of database", CONNECTION, { data: { password: "hunter2-canary" } }],
    ["one in a mount's block", MOUNT, { postgresqls: [{ name: "a", password: "hunter2-canary" }] }],
    ["a static account's", STATIC, { selfManagedPassword: "hunter2-canary" }],
    [
      "one in the URL",
      CONNECTION,
      { postgresql: { connectionUrl: "postgres://vault:hunter2-canary@db/orders" } },
    ],
  ])("refuses %s, and does not show it", (_what, type, props) => {
    const findings = found(databasePasswords, resource(type, props as never));
    expect(findings).toHaveLength(1);
    expect(findings.join()).toContain("value not shown");
    expect(findings.join()).not.toContain("canary");
  });
});

describe("database-connections", () => {
  it("passes the program's own, and clear text to loopback", () => {
    expect(found(databaseConnections, resource(CONNECTION, own))).toEqual([]);
    const local = "postgresql://{{username}}:{{password}}@127.0.0.1:5432/orders?sslmode=disable";
    expect(
      found(databaseConnections, resource(CONNECTION, { postgresql: { connectionUrl: local } })),
    ).toEqual([]);
  });

  it.each(["disable", "allow", "prefer"])("refuses sslmode %s", (mode) => {
    const connectionUrl = `postgresql://{{username}}:{{password}}@db:5432/orders?sslmode=${mode}`;
    expect(
      found(databaseConnections, resource(MOUNT, { postgresqls: [{ connectionUrl }] })).join(),
    ).toContain("postgresqls[0].connectionUrl");
  });

  it("refuses a connection for every role", () => {
    expect(
      found(databaseConnections, resource(CONNECTION, { ...own, allowedRoles: ["*"] })).join(),
    ).toContain('has "*" in allowedRoles');
  });
});

describe("database-accounts", () => {
  const props = dynamicRoleParameters(role);

  it("passes the program's own, and what is not known yet", () => {
    expect(found(databaseAccounts, resource(ROLE, props))).toEqual([]);
    expect(found(databaseAccounts, resource(ROLE, { ...props, creationStatements: UNKNOWN }))).toEqual([]);
    expect(found(databaseAccounts, resource(ROLE, { ...props, creationStatements: [UNKNOWN] }))).toEqual([]);
  });

  it.each<[string, object, string]>([
    ["accounts that outlive Vault", { creationStatements: ["CREATE ROLE x"] }, "{{expiration}}"],
    ["accounts without an end", { maxTtl: undefined }, "no maxTtl"],
  ])("refuses %s", (_what, changes, said) => {
    expect(found(databaseAccounts, resource(ROLE, { ...props, ...changes })).join()).toContain(said);
  });
});

describe("workload-policies of databases", () => {
  const judged = (path: string, ...capabilities: readonly string[]) =>
    found(
      workloadPolicies,
      resource("vault:index/policy:Policy", {
        policy: `path "${path}" { capabilities = ${JSON.stringify(capabilities)} }`,
      }),
    ).join();

  it("passes reads of a role's credentials", () => {
    expect(judged("database/static-creds/orders-app", "read")).toBe("");
    expect(judged("database/creds/batch", "read")).toBe("");
    expect(judged("kv/data/database/config/orders", "read")).toBe("");
  });

  it.each([
    ["database/config/orders", "update"],
    ["database/rotate-root/orders", "update"],
    ["database/rotate-role/orders-app", "update"],
    ["database/static-roles/orders-app", "read"],
    ["database/creds/batch", "update"],
  ])("refuses %s with %s", (path, capability) => {
    expect(judged(path, capability)).toContain(path);
  });
});
