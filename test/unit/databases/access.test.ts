import { describe, expect, it } from "vitest";
import { accessDiff } from "../../../access/diff.ts";
import { managedInVault, readingOf } from "../../../access/managed.ts";
import { auditorPolicy } from "../../../access/operators/auditor.ts";
import { deployerPolicy } from "../../../access/operators/deployer.ts";
import { secretAdminPolicy } from "../../../access/operators/secret-admin.ts";
import { servicePolicies } from "../../../components/vault/policies.ts";
import { app, batch, databaseSettings, pair } from "./declarations.ts";

const dev = databaseSettings({ roles: { "orders-app": app, "orders-pair": pair, batch } });

function at(settings: typeof dev, path: string) {
  return managedInVault(settings).find((one) => one.path === path);
}

describe("a deployer's rights to databases", () => {
  it("are the mount, connections and roles that are declared", () => {
    const own = managedInVault(dev).filter(({ path }) => /(^|\/)database/.test(path));
    expect(own.map(({ path }) => path).toSorted()).toEqual([
      "database/config/orders",
      "database/reset/orders",
      "database/roles/batch",
      "database/static-roles/orders-app",
      "database/static-roles/orders-pair-a",
      "database/static-roles/orders-pair-b",
      "sys/mounts/database",
      "sys/mounts/database/tune",
    ]);
  });

  it("hold no password, and pin where Vault shows the one that it has", () => {
    const allowed = at(dev, "database/config/orders")?.allowed;
    expect(allowed).not.toHaveProperty("password");
    expect(allowed).toMatchObject({
      connection_url: [expect.stringMatching(/@orders-db\.internal:5432\/orders\?sslmode=verify-full&/)],
      username: ["vault_orders"],
      allowed_roles: ["batch,orders-app,orders-pair-a,orders-pair-b"],
    });
    expect(deployerPolicy(dev).document).not.toMatch(/creds|rotate-root|"password" = \[\]/);
  });

  it("pin all SQL, and whose password is changed", () => {
    expect(at(dev, "database/roles/batch")?.allowed).toMatchObject({
      db_name: ["orders"],
      creation_statements: [batch.create],
      revocation_statements: [[]],
    });
    expect(at(dev, "database/static-roles/orders-pair-b")?.allowed).toMatchObject({
      db_name: ["orders"],
      username: ["orders_b"],
      rotation_statements: [[]],
      rotation_schedule: ["0 3 15 * *"],
    });
  });

  it("do not end a connection in production", () => {
    const prod = databaseSettings({ stack: "prod" });
    expect(at(prod, "database/config/orders")?.capabilities).toEqual(["create", "read", "update"]);
    expect(at(prod, "sys/mounts/database")?.capabilities).toEqual(["read", "update"]);
  });

  it("leave a preview to read connections and roles", () => {
    const read = readingOf(managedInVault(dev)).filter(({ path }) => path.startsWith("database/"));
    expect(read.map(({ capabilities }) => capabilities.join())).toEqual(read.map(() => "read"));
    expect(read.map(({ path }) => path)).not.toContain("database/reset/orders");
  });
});

describe("other operators", () => {
  it("a secret-admin gives Vault a password and has it changed, and gets none", () => {
    const { document } = secretAdminPolicy(dev);
    expect(document).toContain(
      'path "database/config/orders" {\n  capabilities = ["read", "update"]\n' +
        '  allowed_parameters = {\n    "password" = []\n    "verify_connection" = [true]\n  }\n}',
    );
    expect(document).toContain('path "database/rotate-root/orders" {\n  capabilities = ["update"]');
    expect(document).toContain('path "database/rotate-role/orders-pair-a"');
    expect(document).not.toMatch(/creds|rotate-role\/batch/);
  });

  it("an auditor sees who may get which accounts, and none of them", () => {
    const { document } = auditorPolicy(dev);
    for (const path of ["database/config/*", "database/static-roles/*", "database/roles"]) {
      expect(document).toContain(`path "${path}"`);
    }
    expect(document).not.toMatch(/creds|rotate/);
  });
});

it("a service's policy reads exactly its role", () => {
  const [namespace] = dev.namespaces;
  if (namespace === undefined) throw new Error("no namespace");
  const document = servicePolicies("p", namespace)
    .map((policy) => policy.document)
    .join("");
  expect(document).toContain('path "database/static-creds/orders-app" {\n  capabilities = ["read"]\n}');
  expect(document.match(/database\//g)).toHaveLength(1);
});

it("a reviewer is told what else Vault does in a database, and with which SQL", () => {
  const create = [
    `CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}' SUPERUSER`,
  ];
  const before = databaseSettings({ roles: { "orders-app": app, batch } });
  const after = databaseSettings({
    roles: { "orders-app": { ...app, username: "orders_admin" }, batch: { ...batch, create } },
    connection: { tls: "require" },
  });
  const told = accessDiff(before, after).map(({ risk, about }) => `${risk} ${about}`);
  expect(told).toEqual([
    "wider databases.orders.roles.batch.create",
    "wider databases.orders.roles.orders-app.username",
    "wider databases.orders.tls",
  ]);
});
