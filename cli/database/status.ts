import { Cron } from "croner";
import type { VaultClient } from "../../clients/vault.ts";
import type { DatabaseConnection } from "../../config/databases-settings.ts";
import { inParallel } from "../in-parallel.ts";
import { orExplained, readConnection, reopen } from "./connection.ts";

export type ConnectionState = "ready" | "not initialised" | "refused" | "unreachable" | "not deployed";

/** What is known of one connection without a single password. */
export interface ConnectionStatus {
  readonly name: string;
  readonly mount: string;
  readonly host: string;
  readonly username: string;
  readonly state: ConnectionState;
  /** Vault's words, where it cannot work with the database. */
  readonly words?: string;
  readonly staticRoles: readonly StaticRoleStatus[];
}

/** Times are RFC 3339. */
export interface StaticRoleStatus {
  readonly name: string;
  /** Absent where Vault does not have the role yet. */
  readonly username?: string;
  readonly lastRotation?: string;
  readonly nextRotation?: string;
}

/** Quick for many connections, and no burst on the databases. */
const AT_ONCE = 4;

/** Of each connection whether Vault can work with it now, and when its static roles change. Reads no password. */
export async function databaseStatus(
  vault: VaultClient,
  connections: readonly DatabaseConnection[],
): Promise<readonly ConnectionStatus[]> {
  return inParallel(connections, AT_ONCE, async (connection) => {
    const { name, mount, host, username, roles } = connection;
    const names = roles.filter(({ kind }) => kind === "static").map((role) => role.name);
    return {
      ...{ name, mount, host, username },
      ...(await stateOf(vault, connection)),
      staticRoles: await inParallel(names, AT_ONCE, (role) => roleStatus(vault, mount, role)),
    };
  });
}

async function stateOf(
  vault: VaultClient,
  connection: DatabaseConnection,
): Promise<Pick<ConnectionStatus, "state" | "words">> {
  const stored = await readConnection(vault, connection);
  if (stored === undefined) return { state: "not deployed" };
  if (!stored.initialised) return { state: "not initialised" };
  const failure = await reopen(vault, connection);
  return failure === undefined ? { state: "ready" } : { state: failure.reason, words: failure.words };
}

async function roleStatus(vault: VaultClient, mount: string, name: string): Promise<StaticRoleStatus> {
  const path = `${mount}/static-roles/${name}`;
  const found = await orExplained("read", path, () => vault.read(path));
  if (found === undefined) return { name };
  const last =
    found.last_vault_rotation === undefined ? undefined : new Date(String(found.last_vault_rotation));
  const next = nextRotation(found, last);
  return {
    name,
    username: String(found.username),
    ...(last === undefined ? {} : { lastRotation: last.toISOString() }),
    ...(next === undefined ? {} : { nextRotation: next.toISOString() }),
  };
}

/** As Vault reckons it: from the last change by a period, from now by a schedule, which it reads in UTC. */
export function nextRotation(
  { rotation_period, rotation_schedule }: Readonly<Record<string, unknown>>,
  last: Date | undefined,
  now = new Date(),
): Date | undefined {
  if (typeof rotation_schedule === "string") {
    const cron = new Cron(rotation_schedule, { timezone: "Etc/UTC", mode: "5-part", paused: true });
    return cron.nextRun(now) ?? undefined;
  }
  return last === undefined ? undefined : new Date(last.getTime() + Number(rotation_period) * 1_000);
}
