import type { DatabaseConnection } from "./databases-settings.ts";
import type { NamespaceSettings, SecretSettings, ServiceSettings, Settings } from "./schema.ts";

/** Where a declared connection stands in Vault before an update. */
export interface ConnectionState {
  readonly connection: DatabaseConnection;
  /** Vault logs in to the database as the declared account, with the password that it has. */
  readonly initialised: boolean;
  /** Roles that Vault does not have, and cannot make before it logs in: making a static one changes a password. */
  readonly waiting: readonly string[];
}

/** What can be deployed now: no secret would become Ready that reads a role which waits. */
export function withoutWaiting(settings: Settings, states: readonly ConnectionState[]): Settings {
  const waiting = new Set(
    states.flatMap(({ connection: { mount }, waiting: names }) => names.map((name) => `${mount}/${name}`)),
  );
  if (waiting.size === 0) return settings;
  return { ...settings, namespaces: settings.namespaces.map((namespace) => withoutIn(namespace, waiting)) };
}

function withoutIn(namespace: NamespaceSettings, waiting: ReadonlySet<string>): NamespaceSettings {
  const without = (service: ServiceSettings): ServiceSettings => ({
    ...service,
    secrets: service.secrets.filter((secret) => !readsOneOf(secret, waiting)),
  });
  return {
    ...namespace,
    services: namespace.services.map(without),
    stores: namespace.stores.map((store) => ({ ...store, services: store.services.map(without) })),
  };
}

function readsOneOf({ database, generators }: SecretSettings, waiting: ReadonlySet<string>): boolean {
  if (database === undefined) return false;
  return generators.some(({ mount, request }) => waiting.has(`${mount}/${request.split("/").at(-1)}`));
}
