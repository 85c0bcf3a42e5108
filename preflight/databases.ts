import { type VaultClient, VaultError, VaultUnreachableError } from "../clients/vault.ts";
import { connectionUrl } from "../components/databases/parameters.ts";
import type { DatabaseConnection, DatabaseRole } from "../config/databases-settings.ts";
import type { ConnectionState } from "../config/databases-state.ts";
import { type Problem, pathText } from "../config/problems.ts";
import type { Settings } from "../config/schema.ts";
import { fields } from "./fields.ts";
import { engineMountProblems } from "./mounts.ts";
import { readIfAllowed } from "./read-if-allowed.ts";
import type { Purpose } from "./vault.ts";

type DatabaseSettings = Pick<Settings, "environment" | "databases">;

/**
 * Mounts that are somebody else's and, before an update, databases that Vault cannot work with although roles are to be
 * made there. For those Vault opens its connection anew, which changes nothing: it is the one request that has Vault say.
 */
export async function databaseProblems(
  client: VaultClient,
  settings: DatabaseSettings,
  mounts: Readonly<Record<string, unknown>>,
  purpose: Purpose,
): Promise<readonly Problem[]> {
  const taken = settings.databases.flatMap(({ name, mount }) =>
    engineMountProblems(settings, "database", ["databases", name, "mount"], mount, mounts),
  );
  if (taken.length > 0 || purpose === "preview") return taken;
  const problems = await Promise.all(
    settings.databases.map(async (connection) => {
      const stored = await storedConnection(client, connection);
      if (!stored.initialised || stored.url !== connectionUrl(connection)) return undefined;
      const missing = await missingRoles(client, connection);
      return missing.length === 0 ? undefined : downProblem(client, connection, missing);
    }),
  );
  return problems.filter((problem) => problem !== undefined);
}

/** Where each connection stands: until it is initialised, roles that Vault does not have wait. Reads only. */
export async function connectionStates(
  client: VaultClient,
  { databases }: Pick<Settings, "databases">,
): Promise<readonly ConnectionState[]> {
  return Promise.all(
    databases.map(async (connection) => {
      const { initialised } = await storedConnection(client, connection);
      const waiting = initialised ? [] : await missingRoles(client, connection);
      return { connection, initialised, waiting };
    }),
  );
}

/**
 * `npm run database -- init` leaves `verify_connection` on, and what the program writes then keeps it so. The password of
 * one account does not let another in.
 */
async function storedConnection(
  client: VaultClient,
  { mount, name, username }: DatabaseConnection,
): Promise<{ readonly initialised: boolean; readonly url: unknown }> {
  const stored = await readIfAllowed(client, `${mount}/config/${name}`);
  const details = fields(stored.connection_details);
  return {
    initialised: stored.verify_connection === true && details.username === username,
    url: details.connection_url,
  };
}

async function missingRoles(
  client: VaultClient,
  { mount, roles }: DatabaseConnection,
): Promise<readonly string[]> {
  const found = await Promise.all(
    roles.map(async (role) => {
      const { db_name } = await readIfAllowed(client, rolePath(mount, role));
      return db_name === undefined ? [role.name] : [];
    }),
  );
  return found.flat();
}

function rolePath(mount: string, { kind, name }: DatabaseRole): string {
  return `${mount}/${kind === "static" ? "static-roles" : "roles"}/${name}`;
}

async function downProblem(
  client: VaultClient,
  { mount, name, host, username }: DatabaseConnection,
  missing: readonly string[],
): Promise<Problem | undefined> {
  try {
    await client.write(`${mount}/reset/${name}`, {});
    return undefined;
  } catch (error) {
    const words = wordsOf(error);
    if (words === undefined) return undefined;
    return {
      path: pathText(["databases", name, "host"]),
      found: `${host}, where Vault cannot work as ${username}: ${words}`,
      allowed: `a database that lets Vault in while roles are made there (${missing.join(", ")})`,
      fix: "mend what Vault names; nothing was changed, and what Vault has given out so far stays valid",
    };
  }
}

/** Nothing of a refused token: its missing capability is reported. */
function wordsOf(error: unknown): string | undefined {
  if (error instanceof VaultUnreachableError) return "no answer in time";
  if (!(error instanceof VaultError)) throw error;
  return error.status === 403 ? undefined : error.errors.join("; ").replace(/\s+/g, " ");
}
