import type { VaultClient } from "../../clients/vault.ts";
import type { DeclaredRead } from "../../config/reads.ts";
import type { Settings } from "../../config/schema.ts";
import { currentReadable, type SecretState } from "../../freshness/kv-metadata.ts";
import { inParallel } from "../in-parallel.ts";
import { type DeclaredPath, declaredPaths } from "./declared.ts";
import { explained, hasProperty, isStatus, readState, readSubkeys } from "./kv.ts";

/** Quick for hundreds of paths, and no burst on Vault. */
const AT_ONCE = 8;

/** Why ESO would not find a declared value. */
export type MissingReason = "no mount" | "no secret" | "deleted" | "no such version" | "no such property";

export interface MissingValue extends DeclaredRead {
  readonly mount: string;
  readonly path: string;
  readonly reason: MissingReason;
  readonly externalSecrets: DeclaredPath["externalSecrets"];
  readonly rotations: DeclaredPath["rotations"];
}

export interface MissingReport {
  readonly missing: readonly MissingValue[];
  /** Paths that exist but whose properties the token may not list (`read` on `<mount>/subkeys/<path>`). */
  readonly unseen: readonly { readonly mount: string; readonly path: string }[];
}

/**
 * Declared values that somebody has to put, since Vault does not hold them yet; generated ones come with `up`. Reads metadata and property names only, never a value.
 * A property of a pinned, older version cannot be seen that way: there the version alone is checked.
 */
export async function missingValues(client: VaultClient, settings: Settings): Promise<MissingReport> {
  const byPeople = declaredPaths(settings).filter(({ generated }) => !generated);
  const found = await inParallel(byPeople, AT_ONCE, (declared) => missingAt(client, declared));
  return { missing: found.flatMap(({ missing }) => missing), unseen: found.flatMap(({ unseen }) => unseen) };
}

/** Declared paths with what their metadata says. */
export async function declaredStates(
  client: VaultClient,
  settings: Settings,
): Promise<readonly { readonly declared: DeclaredPath; readonly state: SecretState }[]> {
  return inParallel(declaredPaths(settings), AT_ONCE, async (declared) => ({
    declared,
    state: await readState(client, declared.mount, declared.path),
  }));
}

/**
 * Merges values into a secret: other properties stay, and Vault does the merging, so that nothing is read.
 * Check-and-set against `base`, the state when the caller began; needs `create` for a first version and `patch` for a later one.
 * @returns the new version
 * @throws Error when somebody else wrote since `base`; nothing is written then
 */
export async function putValues(
  client: VaultClient,
  mount: string,
  path: string,
  values: Readonly<Record<string, string>>,
  base?: SecretState,
): Promise<number> {
  const state = base ?? (await readState(client, mount, path));
  if (!state.mounted) throw noMount(mount);
  const merge = currentReadable(state) !== undefined;
  const target = `${mount}/data/${path}`;
  try {
    const answer = await client.request(merge ? "PATCH" : "POST", target, {
      options: { cas: state.currentVersion },
      data: values,
    });
    return Number(answer.data?.version);
  } catch (error) {
    if (!isOvertaken(error)) throw explained(error, merge ? "patch" : "create", target);
    throw await overtaken(client, mount, path, state);
  }
}

/** Said before anything is asked of an operator, too. */
export function noMount(mount: string): Error {
  return new Error(
    `Vault has no mount ${mount} yet: the stack's own up makes it. Run pulumi up (it may end by naming the values that ` +
      "are missing), put the values, and run it again.",
  );
}

async function missingAt(client: VaultClient, declared: DeclaredPath): Promise<MissingReport> {
  const { mount, path, reads, externalSecrets, rotations } = declared;
  const state = await readState(client, mount, path);
  const current = currentReadable(state);
  const subkeys = current === undefined ? {} : await readSubkeys(client, mount, path);
  const missing = reads.flatMap((read) => {
    const reason = whyMissing(read, state, subkeys);
    return reason === undefined ? [] : [{ mount, path, ...read, reason, externalSecrets, rotations }];
  });
  return { missing, unseen: subkeys === "refused" ? [{ mount, path }] : [] };
}

function whyMissing(
  { property, version }: DeclaredRead,
  state: SecretState,
  subkeys: Readonly<Record<string, unknown>> | "refused",
): MissingReason | undefined {
  if (!state.mounted) return "no mount";
  if (state.currentVersion === 0) return "no secret";
  const wanted = version ?? state.currentVersion;
  const held = state.versions.find((one) => one.version === wanted);
  if (held === undefined) return "no such version";
  if (!held.readable) return "deleted";
  if (property === undefined || subkeys === "refused" || wanted !== state.currentVersion) return undefined;
  return hasProperty(subkeys, property) ? undefined : "no such property";
}

/** Vault's answers to a write whose base is gone: another version came (400), or it was deleted (404). */
export function isOvertaken(error: unknown): boolean {
  return (
    (isStatus(error, 400) && error.errors.some((text) => text.includes("check-and-set"))) ||
    isStatus(error, 404)
  );
}

async function overtaken(
  client: VaultClient,
  mount: string,
  path: string,
  base: SecretState,
): Promise<Error> {
  const now = await readState(client, mount, path);
  const written = now.versions.find(({ version }) => version === now.currentVersion)?.createdTime;
  return new Error(
    `${mount}/${path} is at version ${now.currentVersion}${written === undefined ? "" : `, written ${written}`}, and was at ` +
      `version ${base.currentVersion} when this command began: somebody else changed it. Nothing was written, so theirs stands. ` +
      `Who it was is in Vault's audit log under ${mount}/data/${path}. Run the command again to merge into the new version.`,
  );
}
