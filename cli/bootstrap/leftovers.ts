import { managedInVault } from "../../access/managed.ts";
import type { Leftovers } from "../../access/operators/deployer.ts";
import type { VaultClient } from "../../clients/vault.ts";
import { mountDescription } from "../../components/vault/ownership.ts";
import type { Settings } from "../../config/schema.ts";
import { certificateRolesIn } from "./certificate-roles.ts";
import { databaseThingsIn } from "./database-things.ts";

/** What must be readable to find {@link leftoversIn}. */
export function leftoverPlaces({ vault: { auth } }: Settings): readonly string[] {
  return ["sys/policies/acl", `auth/${auth.mount}/role`];
}

/**
 * Mounts, roles, policies and audit devices of this stack that its declaration no longer names: the next update removes
 * them, and needs the rights for it although it was the declaration that gave those.
 */
export async function leftoversIn(client: VaultClient, settings: Settings): Promise<Leftovers> {
  const { auth, cluster } = settings.vault;
  const [auths = {}, mounts = {}, policies = [], devices = {}] = await Promise.all([
    client.read("sys/auth"),
    client.read("sys/mounts"),
    client.list("sys/policies/acl"),
    cluster === "managed" ? client.read("sys/audit") : undefined,
  ]);
  const ownAuths = ownIn(auths, settings);
  const roles = await Promise.all(
    [...new Set([auth.mount, ...ownAuths])].map((mount) => rolesIn(client, mount, auth.rolePrefix)),
  );
  const ownOf = (type: string) => ownIn(mounts, settings).filter((path) => typeOf(mounts, path) === type);
  const certificates = await certificateRolesIn(client, ownOf("pki"), auth.rolePrefix);
  const databases = await databaseThingsIn(client, ownOf("database"));
  const kept = settings.tier === "production"; // its mounts and audit devices outlive their declaration
  const declared = new Set(managedInVault(settings).map(({ path }) => path));
  return [
    ...roles.flat(),
    ...certificates,
    ...databases.filter((path) => !(kept && path.includes("/config/"))),
    ...policies
      .filter((name) => name.startsWith(`${auth.rolePrefix}.`))
      .map((name) => `sys/policies/acl/${name}`),
    ...(kept ? [] : ownAuths.map((path) => `sys/auth/${path}`)),
    ...(kept ? [] : ownIn(mounts, settings).map((path) => `sys/mounts/${path}`)),
    ...(kept ? [] : ownIn(devices, settings).map((path) => `sys/audit/${path}`)),
  ]
    .filter((path) => !declared.has(path))
    .toSorted();
}

/** The paths of a table of mounts or devices whose description is this stack's. */
function ownIn(table: Readonly<Record<string, unknown>>, { environment }: Settings): readonly string[] {
  return Object.entries(table).flatMap(([path, entry]) => {
    const { description } = (entry ?? {}) as { readonly description?: unknown };
    return description === mountDescription(environment) ? [path.replace(/\/$/, "")] : [];
  });
}

function typeOf(mounts: Readonly<Record<string, unknown>>, path: string): unknown {
  return ((mounts[`${path}/`] ?? {}) as { readonly type?: unknown }).type;
}

async function rolesIn(client: VaultClient, mount: string, rolePrefix: string): Promise<readonly string[]> {
  const names = (await client.list(`auth/${mount}/role`)) ?? [];
  return names
    .filter((name) => name.startsWith(`${rolePrefix}-`))
    .map((name) => `auth/${mount}/role/${name}`);
}
