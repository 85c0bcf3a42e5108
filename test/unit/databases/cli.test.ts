import { describe, expect, it } from "vitest";
import { connectionNamed, staticRoleNamed } from "../../../cli/database/commands.ts";
import { statusText } from "../../../cli/database/report.ts";
import { type ConnectionStatus, nextRotation } from "../../../cli/database/status.ts";
import type { DatabaseConnection } from "../../../config/databases-settings.ts";

const orders: DatabaseConnection = {
  ...{ name: "orders", mount: "database", host: "db:5432", database: "orders", username: "vault" },
  tls: "verify-full",
  roles: [
    { kind: "static", name: "app", username: "app", rotationPeriod: "24h" },
    { kind: "dynamic", name: "report", ttl: "5m", maxTtl: "5m", create: [], revoke: [] },
  ],
};

describe("the next change of a static role", () => {
  const last = new Date("2026-11-25T10:00:00Z");
  const now = new Date("2026-11-25T12:30:00Z");

  it("is a period after the last", () => {
    expect(nextRotation({ rotation_period: 86_400 }, last, now)).toEqual(new Date("2026-11-26T10:00:00Z"));
    expect(nextRotation({ rotation_period: 86_400 }, undefined, now)).toBeUndefined();
  });

  it("is the next time of a schedule, in UTC", () => {
    expect(nextRotation({ rotation_schedule: "0 3 * * *" }, last, now)).toEqual(
      new Date("2026-11-26T03:00:00Z"),
    );
  });
});

describe("what an operator names", () => {
  it("is a declared connection", () => {
    expect(connectionNamed({ databases: [orders] }, "orders")).toBe(orders);
    expect(() => connectionNamed({ databases: [orders] }, "order")).toThrow(/did you mean orders\?/);
    expect(() => connectionNamed({ databases: [] }, "orders")).toThrow(/none is declared/);
  });

  it("is a static role of one: a dynamic role has no password to change", () => {
    expect(staticRoleNamed({ databases: [orders] }, "orders/app")).toEqual({
      mount: "database",
      role: "app",
    });
    expect(() => staticRoleNamed({ databases: [orders] }, "orders/report")).toThrow(
      /static role: found report, allowed app/,
    );
    for (const text of ["orders", "orders/", "orders/app/x"]) {
      expect(() => staticRoleNamed({ databases: [orders] }, text)).toThrow(/allowed <connection>\/<role>/);
    }
  });
});

describe("the status, to a person", () => {
  const status = (fields: Partial<ConnectionStatus>): ConnectionStatus => ({
    ...{ name: "orders", mount: "database", host: "db:5432", username: "vault", state: "ready" },
    staticRoles: [],
    ...fields,
  });

  it("says what to run where Vault has no password that works, and repeats Vault's words", () => {
    const text = statusText(
      [
        status({ state: "not initialised" }),
        status({ name: "users", state: "unreachable", words: "no route to host" }),
      ],
      "prod",
    );
    expect(text).toContain("  npm run database -- init orders --stack prod");
    expect(text).toContain("users: no route to host");
    expect(text).not.toContain("init users");
  });

  it("says when static roles change, and which never did", () => {
    const text = statusText([status({ staticRoles: [{ name: "app" }] })], "dev");
    expect(text).toMatch(/orders\/app.*never/);
    expect(statusText([], "dev")).toBe("The stack declares no database.");
  });
});
