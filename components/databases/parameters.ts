import type { DatabaseConnection, DynamicRole, StaticRole } from "../../config/databases-settings.ts";
import { seconds } from "../durations.ts";

/** Vault's own plugin; the only kind of database so far. */
export const PLUGIN = "postgresql-database-plugin";

/** Seconds for one attempt to connect: whoever asks Vault for credentials waits for it. */
const CONNECT_TIMEOUT = 10;

/** Vault puts user name and password in: neither stands in what it says of a connection. */
export function connectionUrl({
  host,
  database,
  tls,
}: Pick<DatabaseConnection, "host" | "database" | "tls">): string {
  return `postgresql://{{username}}:{{password}}@${host}/${database}?sslmode=${tls}&connect_timeout=${CONNECT_TIMEOUT}`;
}

/** What a connection says to PostgreSQL, in the provider's words. No password, at no time: see databases.ts. */
export function postgresqlParameters(connection: DatabaseConnection) {
  const { username, ca } = connection;
  return {
    connectionUrl: connectionUrl(connection),
    username,
    // Hashed by Vault: the statement that sets a password shows none, in the server's log either.
    passwordAuthentication: "scram-sha-256",
    ...(ca === undefined ? {} : { tlsCa: ca }),
  };
}

export function staticRoleParameters({
  username,
  rotationPeriod,
  rotationSchedule,
  rotationWindow,
}: StaticRole) {
  return {
    username,
    ...(rotationPeriod === undefined ? {} : { rotationPeriod: seconds(rotationPeriod) }),
    ...(rotationSchedule === undefined ? {} : { rotationSchedule }),
    ...(rotationWindow === undefined ? {} : { rotationWindow: seconds(rotationWindow) }),
  };
}

export function dynamicRoleParameters({ ttl, maxTtl, create, revoke }: DynamicRole) {
  return {
    defaultTtl: seconds(ttl),
    maxTtl: seconds(maxTtl),
    creationStatements: [...create],
    ...(revoke.length === 0 ? {} : { revocationStatements: [...revoke] }),
  };
}
