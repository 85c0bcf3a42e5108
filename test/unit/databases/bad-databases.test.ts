import { describe, expect, it } from "vitest";
import { stackCollisions } from "../../../config/siblings.ts";
import { changed, expectRefused, problemsIn } from "../config/declarations.ts";
import {
  app,
  batch,
  databaseSettings,
  orders,
  type Parts,
  pair,
  rolePath,
  secretPath,
  withDatabase,
} from "./declarations.ts";

const withRole = (fields: object, parts: Parts = {}) =>
  withDatabase({ roles: { "orders-app": { ...app, ...fields } }, ...parts });
const withPair = (fields: object, parts: Parts = {}) =>
  withDatabase({ roles: { "orders-app": { ...pair, ...fields } }, ...parts });
const withBatch = (fields: object, parts: Parts = {}) =>
  withDatabase({ roles: { "orders-app": { ...batch, ...fields } }, ...parts });
const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

describe("bad connections", () => {
  expectRefused([
    [
      "a URL for host",
      withDatabase({ connection: { host: "postgres://vault:hunter2@orders-db.internal" } }),
      "databases.orders.host",
      /^(?!.*hunter2)/,
      /host:port/,
      /belong elsewhere/,
    ],
    [
      "a port that is none",
      withDatabase({ connection: { host: "orders-db.internal:65536" } }),
      "databases.orders.host",
      /65536/,
      /host:port/,
      /5432/,
    ],
    [
      "clear text to another machine",
      withDatabase({ connection: { tls: "disable" } }),
      "databases.orders.tls",
      /disable, to orders-db\.internal:5432/,
      /loopback alone.*in clear/,
      /verify-full/,
    ],
    [
      "clear text to a host named like loopback",
      withDatabase({ connection: { tls: "disable", host: "127.0.0.1.example.com:5432" } }),
      "databases.orders.tls",
      /127\.0\.0\.1\.example\.com/,
      /loopback alone/,
      /verify-full/,
    ],
    [
      "a CA that nothing looks at",
      withDatabase({ connection: { tls: "disable", host: "127.0.0.1:5432", ca: pem } }),
      "databases.orders.ca",
      /a CA, with tls: disable/,
      /certificate is looked at/,
      /one of the two/,
    ],
    [
      "a password",
      withDatabase({ connection: { password: "hunter2" } }),
      "databases.orders",
      /^(?!.*hunter2).*password/,
      /username/,
      /remove password/,
    ],
    [
      "an account that would end its quotes in SQL",
      withRole({ username: 'app"; DROP' }),
      `${rolePath}.username`,
      /app/,
      /letters/,
      /pg_roles/,
    ],
    [
      "the KV mount's path",
      withDatabase({ connection: { mount: "kv" } }),
      "databases.orders.mount",
      /overlaps "kv" at vault\.mounts\.kv/,
      /none is/,
      /rename/,
    ],
    [
      "two connections by one account",
      withDatabase({ others: { archive: { ...orders, database: "archive" } } }),
      "databases.archive.username",
      /"vault_orders" at orders-db\.internal:5432, as at databases\.orders\.username/,
      /locked out/,
      /another account/,
    ],
  ]);

  it("takes two connections below one mount, and clear text to loopback", () => {
    const local = { host: "127.0.0.1:5432", database: "orders", username: "vault", tls: "disable" };
    expect(problemsIn(withDatabase({ others: { local } }))).toEqual([]);
  });
});

describe("bad static roles", () => {
  expectRefused([
    [
      "neither period nor schedule",
      withRole({ rotationPeriod: undefined }),
      rolePath,
      /neither rotationPeriod nor/,
      /exactly one/,
      /24h/,
    ],
    [
      "period and schedule",
      withRole({ rotationSchedule: "0 3 * * 6" }),
      rolePath,
      /both rotationPeriod and/,
      /exactly one/,
      /keep/,
    ],
    [
      "a period of a second",
      withRole({ rotationPeriod: "1s" }),
      `${rolePath}.rotationPeriod`,
      /1s/,
      /at least 5s/,
      /1h/,
    ],
    [
      "a window with a period",
      withRole({ rotationWindow: "1h" }),
      `${rolePath}.rotationWindow`,
      /1h with rotationPeriod/,
      /rotationSchedule alone/,
      /remove/,
    ],
    [
      "a window below Vault's least",
      withRole({ rotationPeriod: undefined, rotationSchedule: "0 3 * * 6", rotationWindow: "10m" }),
      `${rolePath}.rotationWindow`,
      /10m/,
      /at least 1h/,
      /1h/,
    ],
    [
      "a schedule that is none",
      withRole({ rotationPeriod: undefined, rotationSchedule: "@daily" }),
      `${rolePath}.rotationSchedule`,
      /@daily/,
      /five fields.*UTC/,
      /0 3 \* \* 6/,
    ],
    [
      "a schedule that never fires",
      withRole({ rotationPeriod: undefined, rotationSchedule: "0 3 31 2 *" }),
      `${rolePath}.rotationSchedule`,
      /never fires/,
      /a next run/,
      /a day that the month has/,
    ],
    [
      "two accounts of a single one",
      withRole({ usernames: ["orders_a", "orders_b"] }),
      `${rolePath}.usernames`,
      /usernames with accounts: single/,
      /two of each with accounts: alternating/,
      /accounts: alternating/,
    ],
    [
      "no account",
      withRole({ username: undefined }),
      `${rolePath}.username`,
      /nothing, with accounts: single/,
      /pg_roles/,
      /write username/,
    ],
    [
      "a period of alternating accounts",
      withPair({ rotationPeriod: "24h" }),
      `${rolePath}.rotationPeriod`,
      /rotationPeriod with accounts: alternating/,
      /two of each/,
      /accounts: single/,
    ],
    [
      "alternating accounts that do not take turns",
      withPair({ rotationSchedules: ["0 3 * * 1", "0 3 15 * *"] }),
      `${rolePath}.rotationSchedules`,
      /fires twice in a row/,
      /changed last is the one in use/,
      /same rhythm/,
    ],
    [
      "one account for both turns",
      withPair({ usernames: ["orders_a", "orders_a"] }),
      `${rolePath}.usernames[1]`,
      /"orders_a".*as at .*usernames\[0\]/,
      /locked out/,
      /another account/,
    ],
    [
      "the connection's own account",
      withRole({ username: "vault_orders" }),
      `${rolePath}.username`,
      /"vault_orders".*as at databases\.orders\.username/,
      /locked out/,
      /another account/,
    ],
    [
      "an account of two roles",
      withDatabase({ roles: { "orders-app": app, "orders-web": app } }),
      "databases.orders.roles.orders-web.username",
      /"orders_app".*as at databases\.orders\.roles\.orders-app\.username/,
      /locked out/,
      /read the role that is there/,
    ],
    [
      "a role named like a turn of another",
      withDatabase({ roles: { "orders-app": pair, "orders-app-b": batch } }),
      "databases.orders.roles.orders-app-b",
      /"orders-app-b" below database, as at databases\.orders\.roles\.orders-app/,
      /<name>-a and <name>-b/,
      /rename/,
    ],
    [
      "a name that another connection's role has below the same mount",
      withDatabase({
        others: { archive: { ...orders, username: "vault_archive", roles: { "orders-app": batch } } },
      }),
      "databases.archive.roles.orders-app",
      /"orders-app" below database/,
      /each one role's/,
      /rename/,
    ],
  ]);
});

describe("bad dynamic roles", () => {
  expectRefused([
    [
      "another kind",
      withRole({ kind: "root" }),
      `${rolePath}.kind`,
      /root/,
      /kind: static or kind: dynamic/,
      /change/,
    ],
    [
      "an account that outlives the login that asked for it",
      withBatch({ ttl: "20m" }),
      `${rolePath}.ttl`,
      /20m, not shorter than the login.*tokenTtl is 10m/,
      /less than 10m/,
      /lengthen vault\.auth\.tokenTtl/,
    ],
    [
      "an account as long as that login, whose lease begins after it",
      withBatch({ ttl: "10m" }),
      `${rolePath}.ttl`,
      /10m, not shorter than the login.*tokenTtl is 10m/,
      /less than 10m/,
      /shorten/,
    ],
    [
      "a maximum below the ttl",
      withBatch({ maxTtl: "5m" }),
      `${rolePath}.maxTtl`,
      /5m, shorter than ttl 9m30s/,
      /at least ttl/,
      /remove/,
    ],
    [
      "accounts that the database itself never ends",
      withBatch({ create: [`CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}'`] }),
      `${rolePath}.create`,
      /without \{\{expiration\}\}/,
      /valid until/,
      /VALID UNTIL/,
    ],
    [
      "accounts of one name and password",
      withBatch({ create: ["CREATE ROLE batch LOGIN PASSWORD 'hunter2' VALID UNTIL '{{expiration}}'"] }),
      `${rolePath}.create`,
      /^(?!.*hunter2).*\{\{name\}\}, \{\{password\}\}/,
      /SQL/,
      /CREATE ROLE/,
    ],
    ["no statement", withBatch({ create: [] }), `${rolePath}.create`, /\[\]/, /./, /./],
  ]);

  it("takes one that ends a second before the login", () => {
    const raw = withBatch({ ttl: "59m59s", maxTtl: "1h" }, { secret: { refreshInterval: "15m" } });
    const auth = changed(["vault", "auth", "tokenTtl"], "1h").vault as { auth: object };
    expect(problemsIn({ ...raw, vault: { ...auth, auth: { ...auth.auth, tokenMaxTtl: "1h" } } })).toEqual([]);
  });
});

describe("bad secrets of a database", () => {
  expectRefused([
    [
      "a misspelt connection",
      withDatabase({ secret: { database: { connection: "order", role: "orders-app" } } }),
      `${secretPath}.database.connection`,
      /"order"/,
      /^orders$/,
      /write orders/,
    ],
    [
      "a misspelt role",
      withDatabase({ secret: { database: { connection: "orders", role: "orders-ap" } } }),
      `${secretPath}.database.role`,
      /"orders-ap"/,
      /^orders-app$/,
      /write orders-app/,
    ],
    [
      "a value of KV beside it",
      withDatabase({ secret: { data: { host: "llm/orders#host" } } }),
      `${secretPath}.data`,
      /data, with database/,
      /one of the two/,
      /a secret of its own/,
    ],
    [
      "a generated value beside it",
      withDatabase({
        secret: {
          data: { salt: { source: "generated", remoteRef: { key: "llm/orders", property: "salt" } } },
        },
      }),
      `${secretPath}.data`,
      /data, with database/,
      /or generated/,
      /a secret of its own/,
    ],
    [
      "one key for both values",
      withDatabase({
        secret: {
          database: { connection: "orders", role: "orders-app", keys: { username: "x", password: "x" } },
        },
      }),
      `${secretPath}.database.keys`,
      /"x" for both/,
      /two different keys/,
      /rename/,
    ],
    [
      "a template that keeps the rest of the answer",
      withDatabase({ secret: { template: { data: { a: "b" }, mergePolicy: "Merge" } } }),
      `${secretPath}.template.mergePolicy`,
      /Merge, with database/,
      /template\.data adds/,
      /remove/,
    ],
    [
      "a template of alternating accounts",
      withPair({}, { secret: { template: { data: { url: "postgres://{{ .username }}" } } } }),
      `${secretPath}.template.data`,
      /alternating accounts/,
      /changes with each turn/,
      /where the two are used/,
    ],
    [
      "a refresh that is slower than the changes",
      withRole({ rotationPeriod: "9m" }),
      `${secretPath}.refreshInterval`,
      /4m, with rotationPeriod 9m/,
      /2 x refreshInterval \+ 90s = 9m30s is at most 9m/,
      /more often/,
    ],
    [
      "a refresh that is slower than the scheduled changes",
      withRole({ rotationPeriod: undefined, rotationSchedule: "*/5 * * * *" }),
      `${secretPath}.refreshInterval`,
      /4m, with changes 5m apart/,
      /9m30s/,
      /more often/,
    ],
    [
      "a refresh that comes when the account may be gone",
      withBatch({ ttl: "9m" }),
      `${secretPath}.refreshInterval`,
      /4m, with ttl 9m/,
      /9m30s/,
      /live longer/,
    ],
    [
      "turns that a late change brings too close",
      withPair({ rotationSchedules: ["0 3 * * *", "5 4 * * *"] }),
      `${secretPath}.refreshInterval`,
      /turns 1h5m apart/,
      /2 x refreshInterval \+ 90s \+ 1h \(rotationWindow\) = 1h9m30s is at most 1h5m/,
      /more often/,
    ],
    [
      "turns that are close the other way round",
      withPair({ rotationSchedules: ["0 3 * * *", "55 1 * * *"] }),
      `${secretPath}.refreshInterval`,
      /turns 1h5m apart/,
      /1h9m30s/,
      /more often/,
    ],
    [
      "a name that a secret with alternating accounts needs",
      withDatabase({
        roles: { "orders-app": pair, batch },
        secrets: {
          "orders-db.a": { refreshInterval: "4m", database: { connection: "orders", role: "batch" } },
        },
      }),
      'namespaces.llm.services.llm-gateway.secrets."orders-db.a"',
      /VaultDynamicSecret "orders-db\.a"/,
      /<name>\.a and <name>\.b/,
      /rename/,
    ],
  ]);
});

describe("two stacks", () => {
  const collisions = (other: Parameters<typeof stackCollisions>[2]) =>
    stackCollisions(databaseSettings(), "Pulumi.other.yaml", other).map(({ path }) => path);

  it("do not share an account, whatever Vault they use", () => {
    const vault = { address: "https://vault.elsewhere.internal" };
    const theirs = { ...orders, username: "vault_other" };
    expect(collisions({ vault, databases: { x: { ...orders, username: "vault_orders" } } })).toEqual([
      "databases.orders.username",
    ]);
    expect(collisions({ vault, databases: { x: { ...theirs, roles: { r: app } } } })).toEqual([
      "databases.orders.roles",
    ]);
    expect(collisions({ vault, databases: { x: { ...theirs, roles: { r: pair } } } })).toEqual([]);
    const host = "other-db.internal:5432";
    expect(collisions({ vault, databases: { x: { ...orders, host } } })).toEqual([]);
  });

  it("do not share the engine's mount on one Vault", () => {
    const vault = { address: "https://vault.voyager.internal", auth: { mount: "other" } };
    const host = "other-db.internal:5432";
    expect(collisions({ vault, databases: { x: { ...orders, host } } })).toEqual(["databases.orders.mount"]);
    expect(collisions({ vault, databases: { x: { ...orders, host, mount: "database-x" } } })).toEqual([]);
    expect(collisions({ vault, mounts: {}, databases: { x: { ...orders, host, mount: "kv" } } })).toEqual([
      "vault.mounts.kv",
    ]);
  });
});
