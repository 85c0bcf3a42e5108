import type { DatabaseConnection } from "../../config/databases-settings.ts";
import { nearest } from "../../config/problems.ts";
import type { Settings } from "../../config/schema.ts";
import { withStackVault } from "../connection.ts";
import { stackSettings } from "../stack.ts";
import { orExplained } from "./connection.ts";
import { initialise } from "./initialise.ts";
import { readPassword } from "./password.ts";
import { initialisedText, statusText } from "./report.ts";
import { databaseStatus } from "./status.ts";

/** Exit code of `status` when a connection does not work; 1 is kept for errors. */
export const SOMETHING_WRONG = 2;

export interface StackOption {
  readonly stack: string;
}

export interface StatusOptions extends StackOption {
  readonly json?: true;
}

export async function init(name: string, { stack }: StackOption): Promise<void> {
  const settings = await stackSettings(stack);
  const connection = connectionNamed(settings, name);
  await withStackVault(settings, async (vault) => {
    console.log(initialisedText(connection, await initialise(vault, connection, readPassword)));
  });
}

/** @returns the exit code: 0, or {@link SOMETHING_WRONG} */
export async function status({ stack, json }: StatusOptions): Promise<number> {
  const settings = await stackSettings(stack);
  return withStackVault(settings, async (vault) => {
    const found = await databaseStatus(vault, settings.databases);
    console.log(json ? JSON.stringify(found, null, 2) : statusText(found, stack));
    return found.every(({ state }) => state === "ready") ? 0 : SOMETHING_WRONG;
  });
}

/** Has the password of a static role changed now: the one before is refused from then on. */
export async function rotate(text: string, { stack }: StackOption): Promise<void> {
  const settings = await stackSettings(stack);
  const { mount, role } = staticRoleNamed(settings, text);
  const path = `${mount}/rotate-role/${role}`;
  await withStackVault(settings, async (vault) => {
    await orExplained("update", path, () => vault.write(path, {}));
    console.log(
      `The password of ${text} was changed. Consumers have it at the next refresh of their ExternalSecret; at once with: ` +
        "kubectl annotate externalsecret <name> -n <namespace> force-sync=$(date +%s) --overwrite",
    );
  });
}

/** @throws Error that names the nearest when there is no such connection */
export function connectionNamed(
  { databases }: Pick<Settings, "databases">,
  name: string,
): DatabaseConnection {
  const found = databases.find((connection) => connection.name === name);
  if (found !== undefined) return found;
  throw undeclared(
    "connection",
    name,
    databases.map((connection) => connection.name),
  );
}

export function staticRoleNamed(
  settings: Pick<Settings, "databases">,
  text: string,
): { readonly mount: string; readonly role: string } {
  const [name = "", role = "", ...more] = text.split("/");
  if (role === "" || more.length > 0) {
    throw new Error(`role: found ${text}, allowed <connection>/<role>, e.g. orders/app`);
  }
  const { mount, roles } = connectionNamed(settings, name);
  const names = roles.filter(({ kind }) => kind === "static").map((one) => one.name);
  if (!names.includes(role)) throw undeclared("static role", role, names);
  return { mount, role };
}

function undeclared(what: string, found: string, declared: readonly string[]): Error {
  const near = nearest(found, declared);
  return new Error(
    `${what}: found ${found}, allowed ${declared.join(" | ") || "none, since none is declared"}` +
      `${near === undefined ? "" : `; did you mean ${near}?`}`,
  );
}
