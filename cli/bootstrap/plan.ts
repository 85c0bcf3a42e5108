import { operatorRoleName, operators } from "../../access/operators/names.ts";
import type { VaultClient } from "../../clients/vault.ts";
import type { Settings } from "../../config/schema.ts";
import { differingFields } from "./compare.ts";
import { type Desired, desiredInVault, type Fields } from "./desired.ts";
import { leftoversIn } from "./leftovers.ts";

/** What is, or was, to be done to one thing. `fields` are those that differ. */
export interface BootstrapChange {
  readonly kind: string;
  /** Path in Vault, or the object's name in Kubernetes. */
  readonly path: string;
  readonly action: "create" | "change" | "remove" | "keep";
  readonly fields: readonly string[];
}

export interface VaultStep extends BootstrapChange {
  /** Absent where something is removed. */
  readonly desired?: Desired;
}

/**
 * What stands between Vault and the declaration, in the order in which it is done; reads only.
 * @throws VaultError when the token may not read
 */
export async function planVault(client: VaultClient, settings: Settings): Promise<readonly VaultStep[]> {
  const mounts = (await client.read("sys/auth")) ?? {};
  const desired = desiredInVault(settings, await leftoversIn(client, settings));
  const steps = await Promise.all(desired.map((one) => stepTo(client, one, mounts)));
  return [...steps, ...(await withdrawn(client, settings, desired, mounts))];
}

async function stepTo(client: VaultClient, desired: Desired, mounts: Fields): Promise<VaultStep> {
  const found = await foundAt(client, desired, mounts);
  const { kind, path, fields } = desired;
  // A mount's description is its maker's; its type cannot change, and apply refuses another one.
  const compared = kind === "auth mount" ? { type: fields.type } : fields;
  const differing = found === undefined ? [] : differingFields(compared, found);
  const action = found === undefined ? "create" : differing.length > 0 ? "change" : "keep";
  return { kind, path, action, fields: differing, desired };
}

/** What Vault has there now; `undefined` when nothing. */
export async function foundAt(
  client: VaultClient,
  { kind, path }: Desired,
  mounts: Fields,
): Promise<Fields | undefined> {
  if (kind === "auth mount") return mounts[`${path.slice("sys/auth/".length)}/`] as Fields | undefined;
  const mount = mountOf(path);
  if (mount !== undefined && mounts[`${mount}/`] === undefined) return undefined;
  return client.read(path);
}

/** The auth mount that a role or a configuration stands on. */
export function mountOf(path: string): string | undefined {
  return /^auth\/(.+)\/(config|role)/.exec(path)?.[1];
}

/** Roles of operators who are declared no more, on the mounts that the declaration names or would name by default. */
async function withdrawn(
  client: VaultClient,
  { environment, operators: declared }: Settings,
  desired: readonly Desired[],
  mounts: Fields,
): Promise<readonly VaultStep[]> {
  const names = operators.map((operator) => operatorRoleName(environment, operator));
  const places = [declared?.ci?.mount ?? "jwt-ci", declared?.people?.mount ?? "oidc"];
  const found = await Promise.all(
    places
      .filter((mount) => mounts[`${mount}/`] !== undefined)
      .map(async (mount) =>
        ((await client.list(`auth/${mount}/role`)) ?? [])
          .filter((name) => names.includes(name))
          .map((name) => `auth/${mount}/role/${name}`),
      ),
  );
  const wanted = new Set(desired.map(({ path }) => path));
  return found
    .flat()
    .filter((path) => !wanted.has(path))
    .map((path) => ({ kind: "role", path, action: "remove", fields: [] }));
}
