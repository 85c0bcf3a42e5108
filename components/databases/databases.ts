import * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";
import type { DatabaseConnection, DatabaseRole } from "../../config/databases-settings.ts";
import type { ConnectionState } from "../../config/databases-state.ts";
import type { Settings } from "../../config/schema.ts";
import { protection } from "../protection.ts";
import { mountDescription } from "../vault/ownership.ts";
import { dynamicRoleParameters, PLUGIN, postgresqlParameters, staticRoleParameters } from "./parameters.ts";
import { inTurn } from "./turns.ts";

export interface DatabasesArgs {
  readonly settings: Pick<Settings, "environment" | "tier">;
  /** The declared connections as preflight has found them. */
  readonly connections: readonly ConnectionState[];
}

/**
 * Vault's database engine: its mounts, the connections, and their roles as soon as a connection works. The password of a
 * connection's account is no input of any resource: a person gives Vault the first one (npm run database -- init), which
 * Vault changes at once, and the provider sends none where none is declared, so it stays what it is.
 */
export class Databases extends pulumi.ComponentResource {
  readonly #settings: DatabasesArgs["settings"];

  constructor(name: string, { settings, connections }: DatabasesArgs, opts: pulumi.ComponentResourceOptions) {
    super("vault-management:databases:Databases", name, {}, opts);
    this.#settings = settings;
    const paths = [...new Set(connections.map(({ connection }) => connection.mount))];
    const mounts = new Map(paths.map((path) => [path, this.#mount(path)]));
    for (const state of connections) {
      const { connection, initialised, waiting } = state;
      const made = this.#connection(state, mounts.get(connection.mount));
      const roles = connection.roles.filter(({ name }) => !waiting.includes(name));
      const before = new Map<string, pulumi.Resource>();
      for (const role of inTurn(roles, new Date())) {
        const twin = role.kind === "static" ? before.get(role.twin ?? "") : undefined;
        before.set(role.name, this.#role(connection, role, twin === undefined ? [made] : [made, twin]));
      }
      if (!initialised) void pulumi.log.warn(notInitialised(connection), this);
    }
    this.registerOutputs({});
  }

  #mount(path: string): vault.Mount {
    const { environment, tier } = this.#settings;
    return new vault.Mount(
      path,
      { path, type: "database", description: mountDescription(environment) },
      { parent: this, ...protection(tier) },
    );
  }

  /** Protected as its mount is: with it would go a password that nobody else knows. */
  #connection(
    { connection, initialised }: ConnectionState,
    mount: vault.Mount | undefined,
  ): vault.database.SecretBackendConnection {
    const { mount: path, name, roles } = connection;
    return new vault.database.SecretBackendConnection(
      `${path}/${name}`,
      {
        backend: mount?.path ?? path,
        name,
        pluginName: PLUGIN,
        allowedRoles: roles.map((role) => role.name),
        // Of one that works, a change which would end that is refused by Vault, and nothing is stored.
        verifyConnection: initialised,
        postgresql: postgresqlParameters(connection),
      },
      { parent: this, ...protection(this.#settings.tier) },
    );
  }

  #role(
    { mount, name: connection }: DatabaseConnection,
    role: DatabaseRole,
    dependsOn: readonly pulumi.Resource[],
  ): pulumi.Resource {
    // One path in Vault: what is made anew cannot stand beside what it replaces.
    const options = { parent: this, dependsOn: [...dependsOn], deleteBeforeReplace: true };
    const place = { backend: mount, dbName: connection, name: role.name };
    const name = `${mount}/${role.name}`;
    return role.kind === "static"
      ? new vault.database.SecretBackendStaticRole(name, { ...place, ...staticRoleParameters(role) }, options)
      : new vault.database.SecretBackendRole(name, { ...place, ...dynamicRoleParameters(role) }, options);
  }
}

function notInitialised({ name, username }: DatabaseConnection): string {
  return (
    `Vault does not log in to the database of ${name} as ${username} yet, and its new roles, with the secrets that read ` +
    `them, wait for that: 1. npm run database -- init ${name} --stack ${pulumi.getStack()}  2. pulumi up`
  );
}
