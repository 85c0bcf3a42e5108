import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { interleaving } from "../../../config/cron.ts";
import type { SecretSettings, Settings } from "../../../config/schema.ts";
import { app, batch, databaseSettings, pair } from "./declarations.ts";

function secretIn(settings: Settings): SecretSettings | undefined {
  return settings.namespaces
    .flatMap(({ services }) => services.flatMap(({ secrets }) => secrets))
    .find(({ name }) => name === "orders-db");
}

describe("a declared database", () => {
  it("has Vault's roles, sorted, with their defaults", () => {
    const { databases } = databaseSettings({ roles: { "z-app": app, "orders-app": pair, batch } });
    expect(databases).toEqual([
      {
        name: "orders",
        mount: "database",
        host: "orders-db.internal:5432",
        database: "orders",
        username: "vault_orders",
        tls: "verify-full",
        roles: [
          { kind: "dynamic", name: "batch", ttl: "9m30s", maxTtl: "9m30s", create: batch.create, revoke: [] },
          {
            kind: "static",
            name: "orders-app-a",
            twin: "orders-app-b",
            username: "orders_a",
            rotationSchedule: "0 3 1 * *",
            rotationWindow: "1h",
          },
          {
            kind: "static",
            name: "orders-app-b",
            twin: "orders-app-a",
            username: "orders_b",
            rotationSchedule: "0 3 15 * *",
            rotationWindow: "1h",
          },
          { kind: "static", name: "z-app", username: "orders_app", rotationPeriod: "24h" },
        ],
      },
    ]);
  });

  it("is asked once for a static role's user name and password, and nothing else reaches the Secret", () => {
    expect(secretIn(databaseSettings())).toMatchObject({
      generators: [
        { name: "orders-db", mount: "database", request: "static-creds/orders-app", method: "GET" },
      ],
      template: { data: { username: "{{ .username }}", password: "{{ .password }}" } },
    });
  });

  it("is asked for a new account of a dynamic role, under the keys that are declared, beside a template's", () => {
    const secret = secretIn(
      databaseSettings({
        roles: { batch },
        secret: {
          database: { connection: "orders", role: "batch", keys: { username: "DB_USER" } },
          template: { data: { url: "postgres://{{ .username }}:{{ .password }}@orders-db/orders" } },
        },
      }),
    );
    expect(secret?.generators).toEqual([
      { name: "orders-db", mount: "database", request: "creds/batch", method: "GET" },
    ]);
    expect(secret?.template?.data).toEqual({
      url: "postgres://{{ .username }}:{{ .password }}@orders-db/orders",
      DB_USER: "{{ .username }}",
      password: "{{ .password }}",
    });
  });

  it("gives both accounts of a pair, of which the template takes the one that was changed last", () => {
    const secret = secretIn(databaseSettings({ roles: { "orders-app": pair } }));
    expect(secret?.generators.map(({ name, request, keyPrefix }) => [name, request, keyPrefix])).toEqual([
      ["orders-db.a", "static-creds/orders-app-a", "a_"],
      ["orders-db.b", "static-creds/orders-app-b", "b_"],
    ]);
    const layout = "2006-01-02T15:04:05Z07:00";
    expect(secret?.template?.data?.password).toBe(
      `{{ if (toDate "${layout}" .a_last_vault_rotation).After (toDate "${layout}" .b_last_vault_rotation) }}` +
        "{{ .a_password }}{{ else }}{{ .b_password }}{{ end }}",
    );
  });
});

describe("two schedules", () => {
  const HOUR = 3_600_000;
  it.each([
    ["0 3 1 * *", "0 3 15 * *", true, 14 * 24 * HOUR],
    ["0 3 * * 1", "0 3 * * 4", true, 72 * HOUR],
    ["0 3 * * *", "0 1 * * *", true, 2 * HOUR],
    ["0 3 * * 1", "0 3 15 * *", false, 0],
    ["0 */2 * * *", "0 3 * * *", false, HOUR],
  ])("%s and %s", (one, other, takeTurns, shortestGapMs) => {
    expect(interleaving(one, other, "Etc/UTC")).toEqual({ takeTurns, shortestGapMs });
    expect(interleaving(other, one, "Etc/UTC")).toEqual({ takeTurns, shortestGapMs });
  });

  it("are as far apart as their times of the day, the shorter way round", () => {
    const time = fc.record({ minute: fc.nat({ max: 59 }), hour: fc.nat({ max: 23 }) });
    fc.assert(
      fc.property(time, time, (one, other) => {
        const distance = Math.abs(one.hour * 60 + one.minute - (other.hour * 60 + other.minute));
        const [first, second] = [one, other].map(({ minute, hour }) => `${minute} ${hour} * * *`);
        const { shortestGapMs } = interleaving(first ?? "", second ?? "", "Etc/UTC");
        expect(shortestGapMs).toBe(Math.min(distance, 24 * 60 - distance) * 60_000);
      }),
      { numRuns: 20 },
    );
  });
});
