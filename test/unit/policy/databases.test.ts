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

  it.each([
    "host=db user={{username}} password={{password}} sslmode=verify-full",
    "host=db user='{{username}}' password='{{password}}' sslmode=verify-full",
    "postgres://db/orders?user={{username}}&password={{password}}",
  ])("passes one that Vault puts in: %s", (connectionUrl) => {
    expect(found(databasePasswords, resource(CONNECTION, { postgresql: { connectionUrl } }))).toEqual([]);
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
    [
      "one among the URL's parameters",
      CONNECTION,
      { postgresql: { connectionUrl: "postgres://db/orders?user=vault&password=hunter2-canary" } },
    ],
    [
      "one among keys and values",
      CONNECTION,
      { postgresql: { connectionUrl: "host=db user=vault password=hunter2-canary sslmode=verify-full" } },
    ],
    [
      "one in quotes",
      MOUNT,
      { postgresqls: [{ connectionUrl: "host=db password = 'hunter2 \\' canary' user=vault" }] },
    ],
  ])("refuses %s, and does not show it", (_what, type, props) => {
    const findings = found(databasePasswords, resource(type, props as never));
    expect(findings).toHaveLength(1);
    expect(findings.join()).toContain("value not shown");
    expect(findings.join()).not.toContain("canary");
  });
});

describe("database-connections", () => {
  const withUrl = (connectionUrl: string) => resource(CONNECTION, { postgresql: { connectionUrl } });

  it("passes the program's own", () => {
    expect(found(databaseConnections, resource(CONNECTION, own))).toEqual([]);
    expect(
      found(databaseConnections, resource(CONNECTION, { postgresql: { connectionUrl: UNKNOWN } })),
    ).toEqual([]);
  });

  it.each([
    ...["verify-full", "verify-ca", "require"].flatMap((mode) => [
      `postgresql://{{username}}:{{password}}@db:5432/orders?sslmode=${mode}&connect_timeout=10`,
      `host=db port=5432 user={{username}} password={{password}} sslmode=${mode}`,
    ]),
    "postgresql://{{username}}:{{password}}@127.0.0.1:5432/orders?sslmode=disable",
    "postgresql://{{username}}:{{password}}@[::1]:5432/orders?sslmode=disable",
    "postgresql://{{username}}:{{password}}@localhost/orders?sslmode=disable",
    "host=localhost user={{username}} password={{password}} sslmode='disable'",
    "host=::1 user={{username}} password={{password}} sslmode=disable",
  ])("passes %s", (url) => expect(found(databaseConnections, withUrl(url))).toEqual([]));

  it.each([
    ...["disable", "allow", "prefer", ""].flatMap((mode) => [
      `postgresql://{{username}}:{{password}}@db:5432/orders?sslmode=${mode}`,
      `host=db user={{username}} password={{password}} sslmode=${mode}`,
    ]),
    "postgresql://{{username}}:{{password}}@db:5432/orders",
    "postgresql://{{username}}:{{password}}@127.0.0.1:5432/orders",
    "host=db user={{username}} password={{password}}",
    "postgresql://{{username}}:{{password}}@db/orders?sslmode=require&sslmode=disable",
    "postgresql://{{username}}:{{password}}@localhost,db/orders?sslmode=disable",
    "postgresql://{{username}}:{{password}}@localhost/orders?host=db&sslmode=disable",
    "user={{username}} password={{password}} sslmode=disable",
  ])("refuses %s", (url) => {
    expect(found(databaseConnections, withUrl(url)).join()).toContain("in postgresql.connectionUrl");
  });

  it("refuses it in a mount's block, and leaves other kinds of database their own words", () => {
    const connectionUrl = "{{username}}:{{password}}@tcp(db:3306)/";
    expect(found(databaseConnections, resource(MOUNT, { mysqls: [{ connectionUrl }] }))).toEqual([]);
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
