import { inParallel } from "../../in-parallel.ts";
import { type Account, type Alias, aliasesOf, known, mountAccessor } from "../entities.ts";
import type { RunJournal } from "../journal.ts";
import type { Result } from "../runner.ts";
import type { Scene } from "../scene.ts";
import { denyAlso } from "./deny.ts";

const AT_ONCE = 8;

/**
 * Denies first logins as well: an account that never logged in, or was made anew since, has no identity under the name that Vault
 * will know it by. It is given one now. After the denial of everybody else, who need not wait for the cluster.
 */
export async function denyNewcomers(
  scene: Scene,
  journal: RunJournal,
  readers: readonly Account[],
): Promise<Result> {
  const accessor = await mountAccessor(scene.vault, scene.settings);
  const aliases = await aliasesOf(scene.vault, accessor);
  const names = await loginNames(scene, readers);
  const newcomers = names.filter((name) => !aliases.some((alias) => alias.name === name));
  const made = await inParallel(newcomers, AT_ONCE, (name) => identity(scene, name, accessor));
  const entities = [
    ...made,
    ...aliases.filter(({ name }) => names.includes(name)).map(({ entity }) => entity),
  ];
  const late = await denyAlso(scene, journal, entities);
  return {
    text: `${newcomers.length} account(s) given an identity before their first login, ${late.length} denied besides`,
    left: names.length > 0 || readers.length === 0 ? [] : strangers(readers, aliases),
    after: { late },
  };
}

/** What Vault will call each account: its `sub`, or the uid that only the cluster knows. One refusal is enough to ask no more. */
async function loginNames(
  { settings, cluster }: Scene,
  readers: readonly Account[],
): Promise<readonly string[]> {
  if (settings.vault.auth.method === "jwt") {
    return readers.map(
      ({ namespace, serviceAccount }) => `system:serviceaccount:${namespace}:${serviceAccount}`,
    );
  }
  const [first] = readers;
  if (typeof cluster === "string" || first === undefined) return [];
  if (typeof (await cluster.accountUid(first.namespace, first.serviceAccount)) === "object") return [];
  const uids = await inParallel(readers, AT_ONCE, ({ namespace, serviceAccount }) =>
    cluster.accountUid(namespace, serviceAccount),
  );
  return uids.filter((uid) => typeof uid === "string");
}

async function identity({ vault }: Scene, name: string, accessor: string): Promise<string> {
  const { data } = await vault.write("identity/entity-alias", { name, mount_accessor: accessor });
  if (typeof data?.canonical_id === "string") return data.canonical_id;
  throw new Error("an account logged in at this very moment: run this again, which denies it");
}

function strangers(readers: readonly Account[], aliases: readonly Alias[]): readonly string[] {
  return known(readers, aliases)
    .filter(({ entities }) => entities.length === 0)
    .map(
      ({ namespace, serviceAccount }) =>
        `${namespace}/${serviceAccount} has never logged in, and the cluster does not say by what name it would: its first login ` +
        "is not denied. Run this again once Kubernetes answers",
    );
}
