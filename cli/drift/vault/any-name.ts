import { managedInVault } from "../../../access/managed.ts";
import { OPERATOR_PREFIX } from "../../../access/operators/names.ts";
import { type VaultClient, VaultError } from "../../../clients/vault.ts";
import { ownerOf } from "../../../components/vault/ownership.ts";
import type { Settings } from "../../../config/schema.ts";
import { type Fields, fieldsOf } from "../../../resources/values.ts";
import { databaseThingsIn } from "../../bootstrap/database-things.ts";
import { inParallel } from "../../in-parallel.ts";
import type { FieldDifference } from "../finding.ts";
import { shown } from "../shown.ts";

/** Requests at a time to Vault. */
const AT_ONCE = 8;

/** Something that stands in Vault and is declared by nothing; of what it says, the fields that matter. */
export interface Undeclared {
  readonly path: string;
  readonly fields: readonly FieldDifference[];
}

/**
 * Undeclared logins that give one of the stack's policies, under whatever name. Those with the stack's prefix are found by
 * it; what else stands in the mount gives nothing of this stack.
 */
export async function rolesWithOwnPolicies(
  vault: VaultClient,
  settings: Settings,
): Promise<readonly Undeclared[]> {
  const { mount, rolePrefix } = settings.vault.auth;
  if (ofAnother(await vault.read("sys/auth"), mount, settings)) return [];
  const names = (await vault.list(`auth/${mount}/role`)) ?? [];
  const others = names.filter((name) => !name.startsWith(`${rolePrefix}-`));
  const found = await inParallel(others, AT_ONCE, async (name): Promise<readonly Undeclared[]> => {
    const path = `auth/${mount}/role/${name}`;
    const policies = policiesOf(await readRole(vault, path)).filter((policy) => isOwn(policy, settings));
    if (policies.length === 0) return [];
    return [{ path, fields: [{ field: "token_policies", found: shown(policies) ?? "" }] }];
  });
  return found.flat();
}

/** Undeclared certificate roles of the stack's authorities: each of them signs in the CA's name. */
export async function certificateRolesOf(
  vault: VaultClient,
  settings: Settings,
): Promise<readonly Undeclared[]> {
  const { pki } = settings;
  const mounts = await ownMounts(vault, settings, [pki?.root?.mount, pki?.intermediate.mount]);
  const paths = await Promise.all(
    mounts.map(async (mount) =>
      ((await vault.list(`${mount}/roles`)) ?? []).map((name) => `${mount}/roles/${name}`),
    ),
  );
  return undeclaredOf(paths.flat(), settings);
}

/** Undeclared connections and roles of the stack's database mounts; in production also what an update retains there. */
export async function databaseThingsOf(
  vault: VaultClient,
  settings: Settings,
): Promise<readonly Undeclared[]> {
  const mounts = await ownMounts(
    vault,
    settings,
    settings.databases.map(({ mount }) => mount),
  );
  return undeclaredOf(await databaseThingsIn(vault, mounts), settings);
}

function undeclaredOf(paths: readonly string[], settings: Settings): readonly Undeclared[] {
  const declared = new Set(managedInVault(settings).map(({ path }) => path));
  return paths.filter((path) => !declared.has(path)).map((path) => ({ path, fields: [] }));
}

/** Of declared mounts those that are there, each once, and not another stack's. */
async function ownMounts(
  vault: VaultClient,
  settings: Settings,
  declared: readonly (string | undefined)[],
): Promise<readonly string[]> {
  const mounts = new Set(declared.filter((mount) => mount !== undefined));
  if (mounts.size === 0) return [];
  const table = (await vault.read("sys/mounts")) ?? {};
  return [...mounts].filter(
    (mount) => table[`${mount}/`] !== undefined && !ofAnother(table, mount, settings),
  );
}

function ofAnother(table: Fields | undefined, mount: string, { environment }: Settings): boolean {
  const { description } = fieldsOf(table?.[`${mount}/`]);
  const owner = ownerOf(String(description ?? ""));
  return owner !== undefined && owner !== environment;
}

async function readRole(vault: VaultClient, path: string): Promise<Fields> {
  try {
    return (await vault.read(path)) ?? {};
  } catch (error) {
    if (!(error instanceof VaultError) || error.status !== 403) throw error;
    throw new Error(
      `${error.message}. A previewer's rights of an earlier release: npm run bootstrap -- apply`,
    );
  }
}

/** Both words that Vault has for them; the older one it shows where it was used. */
function policiesOf({ token_policies, policies }: Fields): readonly string[] {
  const lists = [token_policies, policies].filter((list) => Array.isArray(list)) as readonly unknown[][];
  return [...new Set(lists.flat().map(String))];
}

function isOwn(policy: string, { environment, vault: { auth } }: Settings): boolean {
  return [`${auth.rolePrefix}.`, `${OPERATOR_PREFIX}.${environment}.`].some((own) => policy.startsWith(own));
}
