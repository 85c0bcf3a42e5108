import { type Problem, pathText, show } from "./problems.ts";
import { asMap } from "./raw.ts";
import type { Settings } from "./schema.ts";

/** Where the engine is mounted if a connection does not say. */
const DEFAULT_MOUNT = "database";

/**
 * Accounts of a database server that another stack's raw declaration claims as well, whatever Vault it is on: each Vault
 * would change the password that the other knows.
 */
export function databaseCollisions(
  settings: Settings,
  otherName: string,
  other: Readonly<Record<string, unknown>>,
): readonly Problem[] {
  const claimed = new Set(connectionsIn(other).flatMap(accountsIn));
  const own = settings.databases.flatMap(({ name, host, username, roles }) => [
    { path: ["databases", name, "username"], host, username },
    ...roles.flatMap((role) =>
      role.kind === "static" ? [{ path: ["databases", name, "roles"], host, username: role.username }] : [],
    ),
  ]);
  return own
    .filter(({ host, username }) => claimed.has(account(host, username)))
    .map(({ path, host, username }) => ({
      path: pathText(path),
      found: `${show(username)} at ${host}, which ${otherName} declares as well`,
      allowed: "accounts whose password one stack alone has changed: the other would be locked out",
      fix: "name an account of this stack's own in one of the two files",
    }));
}

/** The mounts of a raw declaration's connections, each once. */
export function databaseMountsIn(declared: Readonly<Record<string, unknown>>): readonly string[] {
  const mounts = connectionsIn(declared).map(({ mount }) => String(mount ?? DEFAULT_MOUNT));
  return [...new Set(mounts)];
}

function connectionsIn({ databases }: Readonly<Record<string, unknown>>) {
  return Object.values(asMap(databases)).map(asMap);
}

function accountsIn({ host, username, roles }: Readonly<Record<string, unknown>>): readonly string[] {
  const names = Object.values(asMap(roles))
    .map(asMap)
    .flatMap((role) => [role.username, ...(Array.isArray(role.usernames) ? role.usernames : [])]);
  return [username, ...names]
    .filter((name) => typeof name === "string")
    .map((name) => account(String(host), name));
}

function account(host: string, username: string): string {
  return `${host} ${username}`;
}
