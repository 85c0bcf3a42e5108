import type { VaultClient } from "../../clients/vault.ts";
import {
  type ConnectionPlace,
  type Failure,
  logIn,
  readConnection,
  rotateRoot,
  type StoredConnection,
} from "./connection.ts";

/** Asks for the account's password of now. Called once at most. */
export type AskPassword = (username: string) => Promise<string>;

export interface Initialised {
  readonly username: string;
  /** Vault could log in already, so nobody was asked: an earlier run did not come to its end, or did. */
  readonly heldBefore: boolean;
}

/**
 * Ends with a connection that works, by a password that nobody but Vault knows. It may be ended at any point and run again:
 * a password that Vault holds and that works is not asked for again, only changed once more, since nothing tells whether the
 * run before came to do that.
 * @throws Error that says what is wrong and what was left as it was
 */
export async function initialise(
  vault: VaultClient,
  place: ConnectionPlace,
  askPassword: AskPassword,
): Promise<Initialised> {
  const stored = await readConnection(vault, place);
  if (stored === undefined) throw notDeployed(place);
  const failure = await logIn(vault, place);
  if (failure?.reason === "unreachable") throw unreachable(place, stored, failure);
  if (failure?.reason === "refused") {
    const given = await logIn(vault, place, await askPassword(stored.username));
    if (given !== undefined) throw notTaken(place, stored, given);
  }
  const unchanged = await rotateRoot(vault, place);
  if (unchanged !== undefined) throw notChanged(place, stored, unchanged);
  return { username: stored.username, heldBefore: failure === undefined };
}

export function notDeployed({ mount, name }: ConnectionPlace): Error {
  return new Error(
    `Vault has no connection ${name} at ${mount}/config/${name} yet: pulumi up makes it (and says that it is not ` +
      "initialised). Run that first, then this again, and then pulumi up once more.",
  );
}

function unreachable({ name }: ConnectionPlace, { username }: StoredConnection, { words }: Failure): Error {
  return new Error(
    `Vault cannot work with the database of ${name}, as ${username}: ${words}\n` +
      "No password was asked for, and nothing was changed. The database must run, and let Vault's nodes in, by the host, " +
      "database, tls and ca that are declared.",
  );
}

function notTaken(place: ConnectionPlace, stored: StoredConnection, failure: Failure): Error {
  if (failure.reason === "unreachable") return unreachable(place, stored, failure);
  return new Error(
    `The database of ${place.name} does not let ${stored.username} in with that password: ${failure.words}\n` +
      "Nothing was changed: Vault holds what it held, which is refused as well. Where an earlier run has changed the password " +
      "and Vault has lost it since, have it set anew in the database, and run this with that.",
  );
}

function notChanged({ name }: ConnectionPlace, { username }: StoredConnection, { words }: Failure): Error {
  return new Error(
    `Vault logs in to the database of ${name} as ${username}, but could not change that account's password: ${words}\n` +
      "It works with the present one, which others know: put that right (is it a read-only replica?) and run this again. " +
      "No password will be asked for.",
  );
}
