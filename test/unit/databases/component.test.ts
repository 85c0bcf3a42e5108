import * as vault from "@pulumi/vault";
import { describe, expect, it } from "vitest";
import { Databases } from "../../../components/databases/databases.ts";
import { type ConnectionState, withoutWaiting } from "../../../config/databases-state.ts";
import type { Settings } from "../../../config/schema.ts";
import { only, recordResources } from "../pulumi-mocks.ts";
import { app, batch, databaseSettings, orders, pair } from "./declarations.ts";

const MOUNT = "vault:index/mount:Mount";
const CONNECTION = "vault:database/secretBackendConnection:SecretBackendConnection";
const STATIC = "vault:database/secretBackendStaticRole:SecretBackendStaticRole";
const DYNAMIC = "vault:database/secretBackendRole:SecretBackendRole";

const roles = { "orders-app": app, "orders-pair": pair, batch };
const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

/** All initialised, but for those that wait with these roles. */
function statesOf(
  { databases }: Settings,
  waiting: Readonly<Record<string, readonly string[]>> = {},
): readonly ConnectionState[] {
  return databases.map((connection) => ({
    connection,
    initialised: waiting[connection.name] === undefined,
    waiting: waiting[connection.name] ?? [],
  }));
}

function build(settings: Settings, waiting?: Readonly<Record<string, readonly string[]>>) {
  return recordResources(() => {
    const provider = new vault.Provider("vault", { address: settings.vault.address });
    new Databases("databases", { settings, connections: statesOf(settings, waiting) }, { provider });
  });
}

const dev = await build(databaseSettings({ roles }));
const prod = await build(databaseSettings({ roles, stack: "prod" }));

describe("a connection", () => {
  it("is an address and an account, and never a password", () => {
    expect(only(dev, CONNECTION).inputs).toEqual({
      backend: "database",
      name: "orders",
      pluginName: "postgresql-database-plugin",
      allowedRoles: ["batch", "orders-app", "orders-pair-a", "orders-pair-b"],
      verifyConnection: true,
      postgresql: {
        connectionUrl:
          "postgresql://{{username}}:{{password}}@orders-db.internal:5432/orders?sslmode=verify-full&connect_timeout=10",
        username: "vault_orders",
        passwordAuthentication: "scram-sha-256",
      },
    });
  });

  it("believes the declared CA", async () => {
    const built = await build(databaseSettings({ connection: { ca: pem, tls: "verify-ca" } }));
    expect(only(built, CONNECTION).inputs.postgresql).toMatchObject({
      connectionUrl: expect.stringContaining("sslmode=verify-ca"),
      tlsCa: pem,
    });
  });

  it("shares its mount with others of that name", async () => {
    const others = { archive: { ...orders, username: "vault_archive" } };
    const built = await build(databaseSettings({ others }));
    expect(only(built, MOUNT).inputs).toMatchObject({
      path: "database",
      type: "database",
      description: "vault-management dev",
    });
    for (const one of built.filter(({ type }) => type === CONNECTION)) {
      expect(one.dependencies).toContain(only(built, MOUNT).urn);
    }
  });

  it("is kept in production with its mount: nobody else has the password", () => {
    const kept = prod.filter(({ protect, retainOnDelete }) => protect && retainOnDelete);
    expect(kept.map(({ type }) => type)).toEqual([MOUNT, CONNECTION]);
    expect(dev.filter(({ protect }) => protect)).toEqual([]);
  });
});

describe("a role", () => {
  it("is made once the connection is there, in seconds", () => {
    const one = only(dev, STATIC, "database/orders-app");
    expect(one.inputs).toEqual({
      backend: "database",
      dbName: "orders",
      name: "orders-app",
      username: "orders_app",
      rotationPeriod: 86_400,
    });
    expect(one.dependencies).toContain(only(dev, CONNECTION).urn);
    expect(only(dev, STATIC, "database/orders-pair-b").inputs).toMatchObject({
      username: "orders_b",
      rotationSchedule: "0 3 15 * *",
      rotationWindow: 3_600,
    });
  });

  it("of two that take turns is made after the one that it is to outlast", () => {
    const [a, b] = ["a", "b"].map((turn) => only(dev, STATIC, `database/orders-pair-${turn}`));
    expect(
      [a?.dependencies.includes(b?.urn ?? ""), b?.dependencies.includes(a?.urn ?? "")].toSorted(),
    ).toEqual([false, true]);
  });

  it("makes accounts by the declared SQL, and leaves it to Vault to drop them", async () => {
    expect(only(dev, DYNAMIC).inputs).toEqual({
      backend: "database",
      dbName: "orders",
      name: "batch",
      defaultTtl: 570,
      maxTtl: 570,
      creationStatements: batch.create,
    });
    const revoke = ['DROP ROLE "{{name}}"'];
    const built = await build(databaseSettings({ roles: { "orders-app": { ...batch, revoke } } }));
    expect(only(built, DYNAMIC).inputs.revocationStatements).toEqual(revoke);
  });
});

describe("a connection that is not initialised", () => {
  const settings = databaseSettings({ roles });
  const reading = ({ namespaces }: Settings) =>
    namespaces.flatMap(({ services, stores }) => [
      services.flatMap(({ secrets }) => secrets.map(({ name }) => name)),
      stores.flatMap((store) => store.services.flatMap(({ secrets }) => secrets.map(({ name }) => name))),
    ]);

  it("is written without a login, and its new roles wait", async () => {
    const built = await build(settings, { orders: ["batch", "orders-app"] });
    expect(only(built, CONNECTION).inputs).toMatchObject({
      verifyConnection: false,
      allowedRoles: ["batch", "orders-app", "orders-pair-a", "orders-pair-b"],
    });
    expect(built.filter(({ type }) => type === STATIC).map(({ name }) => name)).toEqual([
      "database/orders-pair-a",
      "database/orders-pair-b",
    ]);
    expect(built.filter(({ type }) => type === DYNAMIC)).toEqual([]);
  });

  it("has the secrets wait that read such a role, and no other", () => {
    const states = statesOf(settings, { orders: ["orders-app"] });
    const [services, stores] = reading(withoutWaiting(settings, states));
    expect(services).toEqual(["openai-api-key"]);
    expect(stores).toEqual(services);
    expect(withoutWaiting(settings, statesOf(settings))).toBe(settings);
    const others = statesOf(settings, { orders: ["orders-pair-a"] });
    expect(reading(withoutWaiting(settings, others))[0]).toEqual(["openai-api-key", "orders-db"]);
  });
});
