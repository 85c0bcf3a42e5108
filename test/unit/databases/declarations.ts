import { parseSettings } from "../../../config/parse.ts";
import type { Settings } from "../../../config/schema.ts";
import { declared, type Raw } from "../config/declarations.ts";

export const app = { kind: "static", username: "orders_app", rotationPeriod: "24h" };

export const pair = {
  kind: "static",
  accounts: "alternating",
  usernames: ["orders_a", "orders_b"],
  rotationSchedules: ["0 3 1 * *", "0 3 15 * *"],
};

export const batch = {
  kind: "dynamic",
  ttl: "9m30s",
  create: [
    `CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}' IN ROLE orders_read`,
  ],
};

export const orders = {
  host: "orders-db.internal:5432",
  database: "orders",
  username: "vault_orders",
};

export interface Parts {
  /** Roles of the connection `orders`. */
  readonly roles?: Readonly<Record<string, unknown>>;
  /** Fields of that connection. */
  readonly connection?: Readonly<Record<string, unknown>>;
  /** Connections besides it. */
  readonly others?: Readonly<Record<string, unknown>>;
  /** Fields of the secret `orders-db`, which reads the role `orders-app`. */
  readonly secret?: Readonly<Record<string, unknown>>;
  /** Secrets besides it. */
  readonly secrets?: Readonly<Record<string, unknown>>;
  readonly stack?: "dev" | "prod";
}

/** A stack's own declaration with a database, and a secret of the reference service that reads it. */
export function withDatabase(parts: Parts = {}): Raw {
  const raw = declared(parts.stack ?? "dev");
  raw.databases = {
    orders: { ...orders, roles: parts.roles ?? { "orders-app": app }, ...parts.connection },
    ...parts.others,
  };
  const namespaces = raw.namespaces as { llm: { services: { "llm-gateway": { secrets: Raw } } } };
  Object.assign(namespaces.llm.services["llm-gateway"].secrets, {
    "orders-db": {
      refreshInterval: "4m",
      database: { connection: "orders", role: "orders-app" },
      ...parts.secret,
    },
    ...parts.secrets,
  });
  return raw;
}

/** The same, checked. */
export function databaseSettings(parts: Parts = {}): Settings {
  return parseSettings(withDatabase(parts), "Pulumi.test.yaml");
}

/** Paths of the role and of the secret in problems. */
export const rolePath = "databases.orders.roles.orders-app";
export const secretPath = "namespaces.llm.services.llm-gateway.secrets.orders-db";
