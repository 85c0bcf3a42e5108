import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deployerPolicy } from "../../access/operators/deployer.ts";
import { secretAdminPolicy } from "../../access/operators/secret-admin.ts";
import { type VaultClient, VaultError } from "../../clients/vault.ts";
import { connectionUrl } from "../../components/databases/parameters.ts";
import type { PolicyDocument } from "../../components/vault/policies.ts";
import type { DatabaseConnection } from "../../config/databases-settings.ts";
import { openRoot } from "../../sandbox/vault/root.ts";
import { useSandbox } from "./harness.ts";
import { clientWith, settingsFor } from "./operators/ground.ts";

const mount = "optest-database";
const create = [`CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'`];

/** Nothing listens there: Vault is asked to log in by none of the requests that it is to allow. */
const databases = {
  orders: {
    mount,
    host: "127.0.0.1:9",
    database: "orders",
    username: "vault_orders",
    roles: {
      app: { kind: "static", username: "orders_app", rotationPeriod: "24h" },
      batch: { kind: "dynamic", ttl: "9m", create },
    },
  },
};

/** What Vault's own policies give operators at a database mount, on a real Vault. */
describe("operators' rights to databases", () => {
  let root: VaultClient;
  let deployer: VaultClient;
  let admin: VaultClient;
  let connection: DatabaseConnection;

  beforeAll(async () => {
    const sandbox = await useSandbox();
    root = await openRoot(sandbox);
    const settings = settingsFor(sandbox, { databases });
    const [orders] = settings.databases;
    if (orders === undefined) throw new Error("no database is declared");
    connection = orders;
    const as = async ({ name, document }: PolicyDocument) => {
      await root.write(`sys/policies/acl/${name}`, { policy: document });
      return clientWith(root, sandbox, name);
    };
    deployer = await as(deployerPolicy(settings));
    admin = await as(secretAdminPolicy(settings));
    await deployer.write(`sys/mounts/${mount}`, { type: "database", description: "vault-management optest" });
  });
  afterAll(async () => {
    await Promise.all([deployer, admin].map((client) => client?.close()));
    await root?.delete(`sys/mounts/${mount}`);
    for (const operator of ["deployer", "secret-admin"]) {
      await root?.delete(`sys/policies/acl/vault-management.optest.${operator}`);
    }
    await root?.close();
  });

  const declared = () => ({
    plugin_name: "postgresql-database-plugin",
    connection_url: connectionUrl(connection),
    username: "vault_orders",
    password_authentication: "scram-sha-256",
    allowed_roles: "app,batch",
    verify_connection: false,
  });
  const batch = { db_name: "orders", creation_statements: create, default_ttl: 540, max_ttl: 540 };

  it("let a deployer make the connection and roles that are declared", async () => {
    await deployer.write(`${mount}/config/orders`, declared());
    await deployer.write(`${mount}/roles/batch`, batch);
    const { connection_details } = (await deployer.read(`${mount}/config/orders`)) ?? {};
    expect(connection_details).toMatchObject({ username: "vault_orders" });
    expect(connection_details).not.toHaveProperty("password");
  });

  it.each<[string, string, object]>([
    ["write a password", "config/orders", { password: "canary" }],
    [
      "have the password shown to another server",
      "config/orders",
      { connection_url: "postgresql://{{username}}:{{password}}@127.0.0.1:1/x" },
    ],
    [
      "turn TLS off",
      "config/orders",
      { connection_url: "postgresql://{{username}}:{{password}}@127.0.0.1:9/orders?sslmode=disable" },
    ],
    ["open the connection to every role", "config/orders", { allowed_roles: "*" }],
    ["run SQL on rotating the root", "config/orders", { root_rotation_statements: ["SELECT 1"] }],
    [
      "change another account's password",
      "static-roles/app",
      { db_name: "orders", username: "postgres", rotation_period: 86_400 },
    ],
    [
      "run SQL on rotating",
      "static-roles/app",
      {
        db_name: "orders",
        username: "orders_app",
        rotation_period: 86_400,
        rotation_statements: ["SELECT 1"],
      },
    ],
    [
      "make accounts by other SQL",
      "roles/batch",
      { ...batch, creation_statements: ["CREATE ROLE x SUPERUSER"] },
    ],
    ["have other SQL run on dropping them", "roles/batch", { ...batch, revocation_statements: ["SELECT 1"] }],
    ["make another role", "roles/other", batch],
    [
      "make another connection",
      "config/other",
      { plugin_name: "postgresql-database-plugin", username: "vault_orders" },
    ],
    ["have the root password changed", "rotate-root/orders", {}],
    ["have a role's password changed", "rotate-role/app", {}],
  ])("do not let a deployer %s", async (_what, path, body) => {
    expect(await statusOf(() => deployer.write(`${mount}/${path}`, body))).toBe(403);
  });

  it.each(["creds/batch", "static-creds/app"])("let neither read %s", async (path) => {
    expect(await statusOf(() => deployer.read(`${mount}/${path}`))).toBe(403);
    expect(await statusOf(() => admin.read(`${mount}/${path}`))).toBe(403);
  });

  it.each<[string, object]>([
    ["elsewhere", { connection_url: "postgresql://{{username}}:{{password}}@127.0.0.1:1/x" }],
    ["as another account", { username: "postgres" }],
    ["without trying it", { verify_connection: false, password: "canary" }],
  ])("do not let a secret-admin connect %s", async (_how, body) => {
    expect(await statusOf(() => admin.write(`${mount}/config/orders`, body))).toBe(403);
  });

  it("let a secret-admin give Vault a password, which Vault tries first and keeps only if it is taken", async () => {
    const body = { password: "canary", verify_connection: true };
    expect(await statusOf(() => admin.write(`${mount}/config/orders`, body))).toBe(400);
    expect(await admin.read(`${mount}/config/orders`)).toMatchObject({ verify_connection: false });
  });
});

async function statusOf(ask: () => Promise<unknown>): Promise<number> {
  try {
    await ask();
    return 200;
  } catch (error) {
    if (error instanceof VaultError) return error.status;
    throw error;
  }
}
