import { connectionUrl, PLUGIN } from "../components/databases/parameters.ts";
import type { DatabaseConnection, DatabaseRole } from "../config/databases-settings.ts";
import type { Settings } from "../config/schema.ts";
import type { ManagedPath } from "./managed.ts";
import type { Capability, Grant, Parameters } from "./operators/document.ts";
import { mountParameters, tuneParameters } from "./parameters.ts";

type DatabaseSettings = Pick<Settings, "environment" | "tier" | "databases">;

/**
 * What making connections and roles takes. A connection's address and account are pinned, so that a deployer cannot have
 * Vault show its password to another server, and so is all SQL, which Vault runs with the account's rights. No password
 * may be written: the one that Vault has is nobody else's.
 */
export function databasesInVault(settings: DatabaseSettings): readonly ManagedPath[] {
  const { databases } = settings;
  return [
    ...mountsOf(databases).flatMap((mount) => mountPaths(settings, mount)),
    ...databases.flatMap((connection) => [
      ...connectionPaths(settings, connection),
      ...connection.roles.map((role) => rolePath(connection, role)),
    ]),
  ];
}

function mountsOf(databases: readonly DatabaseConnection[]): readonly string[] {
  return [...new Set(databases.map(({ mount }) => mount))];
}

function mountPaths({ environment, tier }: DatabaseSettings, mount: string): readonly ManagedPath[] {
  const of = `database mount ${mount}`;
  return [
    {
      path: `sys/mounts/${mount}`,
      capabilities: ["read", "update", ...unlessRetained(tier)],
      allowed: mountParameters("database", environment),
      of,
    },
    {
      path: `sys/mounts/${mount}/tune`,
      capabilities: ["update"],
      allowed: tuneParameters(environment),
      of,
    },
  ];
}

function connectionPaths({ tier }: DatabaseSettings, connection: DatabaseConnection): readonly ManagedPath[] {
  const { mount, name } = connection;
  const of = `database connection ${name}`;
  return [
    {
      path: `${mount}/config/${name}`,
      capabilities: ["create", "read", "update", ...unlessRetained(tier)],
      allowed: connectionParameters(connection),
      of,
    },
    // Opens it anew: Vault says whether the database is there.
    { path: `${mount}/reset/${name}`, capabilities: ["update"], of },
  ];
}

/** Empty values and zeros are the provider's defaults, which it sends along. */
function connectionParameters(connection: DatabaseConnection): Parameters {
  const { username, ca, roles } = connection;
  return {
    plugin_name: [PLUGIN],
    connection_url: [connectionUrl(connection)],
    username: [username],
    password_authentication: ["scram-sha-256"],
    ...(ca === undefined ? {} : { tls_ca: [ca] }),
    allowed_roles: [roles.map(({ name }) => name).join(",")],
    verify_connection: [true, false],
    disable_escaping: [false],
    username_template: [""],
    max_open_connections: [],
    max_idle_connections: [],
    max_connection_lifetime: [],
  };
}

function rolePath({ mount, name: connection }: DatabaseConnection, role: DatabaseRole): ManagedPath {
  const of = `database role ${role.name}`;
  const capabilities = ["create", "read", "update", "delete"] as const;
  const common: Parameters = { db_name: [connection], credential_type: ["password"] };
  if (role.kind === "static") {
    return {
      path: `${mount}/static-roles/${role.name}`,
      capabilities,
      allowed: {
        ...common,
        username: [role.username],
        rotation_statements: [[]],
        rotation_period: [],
        rotation_schedule: [role.rotationSchedule ?? ""],
        rotation_window: [],
      },
      of,
    };
  }
  return {
    path: `${mount}/roles/${role.name}`,
    capabilities,
    allowed: {
      ...common,
      creation_statements: [role.create],
      revocation_statements: [role.revoke],
      rollback_statements: [[]],
      renew_statements: [[]],
      default_ttl: [],
      max_ttl: [],
    },
    of,
  };
}

/** What `npm run database` needs: to give Vault a first password and have it changed, and nothing else of the connection. */
export function databaseCommands({ databases }: Pick<Settings, "databases">): readonly Grant[] {
  return databases.flatMap(({ mount, name, roles }): readonly Grant[] => [
    {
      path: `${mount}/config/${name}`,
      capabilities: ["read", "update"],
      allowed: { password: [], verify_connection: [true] },
    },
    { path: `${mount}/rotate-root/${name}`, capabilities: ["update"] },
    { path: `${mount}/reset/${name}`, capabilities: ["update"] },
    ...roles
      .filter(({ kind }) => kind === "static")
      .flatMap((role): readonly Grant[] => [
        { path: `${mount}/static-roles/${role.name}`, capabilities: ["read"] },
        { path: `${mount}/rotate-role/${role.name}`, capabilities: ["update"] },
      ]),
  ]);
}

/** Who may get which accounts, and where; Vault shows no password with either. */
export function databaseAudit({ databases }: Pick<Settings, "databases">): readonly Grant[] {
  return mountsOf(databases).flatMap((mount): readonly Grant[] => [
    ...["config", "roles", "static-roles"].flatMap((kind): readonly Grant[] => [
      { path: `${mount}/${kind}`, capabilities: ["list"] },
      { path: `${mount}/${kind}/*`, capabilities: ["read"] },
    ]),
    { path: `sys/mounts/${mount}/tune`, capabilities: ["read"] },
  ]);
}

function unlessRetained(tier: Settings["tier"]): readonly Capability[] {
  return tier === "production" ? [] : ["delete"];
}
