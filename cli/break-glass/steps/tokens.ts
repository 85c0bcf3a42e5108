import { VaultError } from "../../../clients/vault.ts";
import { inParallel } from "../../in-parallel.ts";
import type { Result } from "../runner.ts";
import type { Scene } from "../scene.ts";

/** Quick for thousands of tokens, and no burst on Vault. */
const AT_ONCE = 16;

/**
 * Ends the service tokens of these entities. Batch tokens have no accessor and cannot be ended: they are denied already.
 * @param rehearsal finds them and ends none
 */
export async function revokeTokens(
  { vault }: Scene,
  { entities, paths }: { readonly entities: readonly string[]; readonly paths: readonly string[] },
  rehearsal: boolean,
): Promise<Result> {
  const accessors = (await vault.list("auth/token/accessors")) ?? [];
  const owners = await inParallel(accessors, AT_ONCE, (accessor) =>
    unlessGone(async () => (await vault.write("auth/token/lookup-accessor", { accessor })).data?.entity_id),
  );
  const theirs = accessors.filter((_, index) => entities.includes(String(owners[index])));
  const allowed = await inParallel(theirs, AT_ONCE, (accessor) => allowedPaths(vault, accessor, paths));
  if (!rehearsal) {
    await inParallel(theirs, AT_ONCE, (accessor) =>
      unlessGone(() => vault.write("auth/token/revoke-accessor", { accessor })),
    );
  }
  return {
    text: rehearsal
      ? `${accessors.length} token(s) looked at; ${theirs.length} would have ended`
      : `${theirs.length} of ${accessors.length} token(s) ended`,
    left: [...new Set(allowed.flat())].map(
      (path) => `Vault says that a reader's token was still allowed ${path}: the denial does not hold`,
    ),
    before: { tokens: accessors.length, theirs: theirs.length },
    after: { ended: rehearsal ? 0 : theirs.length },
  };
}

/** Those of the paths that a token may still ask for, in Vault's own words. */
async function allowedPaths(
  vault: Scene["vault"],
  accessor: string,
  paths: readonly string[],
): Promise<readonly string[]> {
  const answer = await unlessGone(() => vault.write("sys/capabilities-accessor", { accessor, paths }));
  const said = answer?.data ?? {};
  return paths.filter((path) => Array.isArray(said[path]) && !said[path].includes("deny"));
}

/** A token may end by itself between two requests. */
async function unlessGone<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof VaultError && !error.passing && error.errors.some(isGone)) return undefined;
    throw error;
  }
}

function isGone(text: string): boolean {
  return /invalid (accessor|token)|bad token|cannot find|not found/i.test(text);
}
