import Table from "cli-table3";
import type { ConnectionPlace } from "./connection.ts";
import type { Initialised } from "./initialise.ts";
import type { ConnectionState, ConnectionStatus } from "./status.ts";

const STATES: Readonly<Record<ConnectionState, string>> = {
  ready: "ready",
  "not initialised": "not initialised",
  refused: "refused: the database does not take the password that Vault holds",
  unreachable: "unreachable",
  "not deployed": "not deployed: run pulumi up",
};

/** What `init` says once it is done. */
export function initialisedText({ name }: ConnectionPlace, { username, heldBefore }: Initialised): string {
  const before = heldBefore
    ? "Vault could log in already, so no password was asked for"
    : "Vault logged in with the password that was given";
  return `${name} is initialised: ${before}; then it changed the password of ${username}, which nobody but Vault knows now.`;
}

/** What `status` says to a person. */
export function statusText(connections: readonly ConnectionStatus[], stack: string): string {
  if (connections.length === 0) return "The stack declares no database.";
  const rows = plainTable(["connection", "host", "account", "state"]);
  for (const { name, host, username, state } of connections) rows.push([name, host, username, STATES[state]]);
  const roles = plainTable(["static role", "account", "changed", "next change"]);
  for (const { name, staticRoles } of connections) {
    for (const role of staticRoles) {
      const { username = "-", lastRotation = "never", nextRotation = "-" } = role;
      roles.push([`${name}/${role.name}`, username, lastRotation, nextRotation]);
    }
  }
  return [
    rows.toString(),
    ...(roles.length === 0 ? [] : [roles.toString()]),
    ...connections.flatMap(({ name, words }) => (words === undefined ? [] : [`${name}: ${words}`])),
    ...connections.filter(needsInit).map(({ name }) => `  npm run database -- init ${name} --stack ${stack}`),
  ].join("\n");
}

function needsInit({ state }: ConnectionStatus): boolean {
  return state === "not initialised" || state === "refused";
}

function plainTable(head: string[]) {
  return new Table({ head, style: { head: [], border: [] } });
}
