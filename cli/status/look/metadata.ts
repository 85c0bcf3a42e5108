import { type VaultClient, VaultUnreachableError } from "../../../clients/vault.ts";
import type { DeclaredSync } from "../../../freshness/declared.ts";
import type { SecretState } from "../../../freshness/kv-metadata.ts";
import { inParallel } from "../../in-parallel.ts";
import { readState } from "../../secrets/kv.ts";
import { pathKey } from "../judge/secrets.ts";

/** What Vault says of the versions of declared paths. */
export interface Metadata {
  /** `<mount>/<path>` -> its versions and their times. */
  readonly known: ReadonlyMap<string, SecretState>;
  /** Why something could not be read, where that was so. */
  readonly unseen?: string;
}

/** Thousands of paths in seconds, and fewer requests in one than a modest quota lets through. */
const AT_ONCE = 16;

/** @throws VaultUnreachableError at the first request that nobody answers: the others would wait as long */
export async function metadataOf(client: VaultClient, syncs: readonly DeclaredSync[]): Promise<Metadata> {
  const paths = new Map(
    syncs.flatMap(({ paths: read }) => read.map((path) => [pathKey(path), path] as const)),
  );
  const read = await inParallel([...paths], AT_ONCE, async ([key, { mount, path }]) => {
    try {
      return { key, state: await readState(client, mount, path) };
    } catch (error) {
      if (error instanceof VaultUnreachableError) throw error;
      return { key, why: error instanceof Error ? error.message : String(error) };
    }
  });
  const known = new Map(
    read.flatMap(({ key, state }) => (state === undefined ? [] : [[key, state] as const])),
  );
  const refused = read.flatMap(({ why }) => (why === undefined ? [] : [why]));
  const [first] = refused;
  if (first === undefined) return { known };
  return { known, unseen: refused.length === 1 ? first : `${first} (and ${refused.length - 1} more paths)` };
}
