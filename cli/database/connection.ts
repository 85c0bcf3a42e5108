import { type VaultClient, VaultError } from "../../clients/vault.ts";
import { explained, isStatus } from "../secrets/kv.ts";

/** Where a connection stands in Vault. */
export interface ConnectionPlace {
  /** As it is called in the stack's file, and in Vault. */
  readonly name: string;
  readonly mount: string;
}

/** What Vault says of a connection; its password never is part of it. */
export interface StoredConnection {
  readonly username: string;
  /** Vault has logged in once. The program writes a connection so that this stays as it is, unless the account is another. */
  readonly initialised: boolean;
}

/** Why Vault cannot work with a database. `refused`: there is one, and it does not take the password. */
export interface Failure {
  readonly reason: "refused" | "unreachable";
  /** Vault's own words, on one line. */
  readonly words: string;
}

/** `undefined` before the first `up`, which makes the connection. */
export async function readConnection(
  vault: VaultClient,
  place: ConnectionPlace,
): Promise<StoredConnection | undefined> {
  const path = `${place.mount}/config/${place.name}`;
  const found = await orExplained("read", path, () => vault.read(path));
  if (found === undefined) return undefined;
  const { connection_details, verify_connection } = found;
  const { username } = (connection_details ?? {}) as { readonly username?: unknown };
  return { username: String(username ?? ""), initialised: verify_connection === true };
}

/**
 * Has Vault log in, with `password` or else with what it holds. Where that works, Vault keeps it; otherwise nothing is changed.
 * All that Vault is not told of the connection stays as it was declared.
 */
export async function logIn(
  vault: VaultClient,
  place: ConnectionPlace,
  password?: string,
): Promise<Failure | undefined> {
  const path = `${place.mount}/config/${place.name}`;
  const body = { verify_connection: true, ...(password === undefined ? {} : { password }) };
  return failureOf(() => orExplained("update", path, () => vault.write(path, body)));
}

/**
 * Has Vault open a connection anew, which writes nothing: two at a time do no harm. It logs in with that only where the
 * connection is `initialised`.
 */
export async function reopen(vault: VaultClient, place: ConnectionPlace): Promise<Failure | undefined> {
  const path = `${place.mount}/reset/${place.name}`;
  return failureOf(() => orExplained("update", path, () => vault.write(path, {})));
}

/** Has Vault change the password to one that nobody else knows. */
export async function rotateRoot(vault: VaultClient, place: ConnectionPlace): Promise<Failure | undefined> {
  const path = `${place.mount}/rotate-root/${place.name}`;
  return failureOf(() => orExplained("update", path, () => vault.write(path, {})));
}

/** Runs a request of which Vault may say no for what the database said. */
async function failureOf(work: () => Promise<unknown>): Promise<Failure | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof VaultError) || !isOfTheDatabase(error)) throw error;
    const words = error.errors.join("; ").replace(/\s+/g, " ");
    // The classes of invalid authorisation, whichever language the server speaks (PostgreSQL, appendix A).
    return { reason: /SQLSTATE 28/.test(words) ? "refused" : "unreachable", words };
  }
}

function isOfTheDatabase(error: VaultError): boolean {
  return (
    [400, 500].includes(error.status) && !error.errors.some((text) => text.includes("is not the leader"))
  );
}

/** Makes a bare `permission denied` name the capability. */
export async function orExplained<T>(capability: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isStatus(error, 403) ? explained(error, capability, path) : error;
  }
}
