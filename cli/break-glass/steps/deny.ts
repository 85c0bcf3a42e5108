import type { Account } from "../entities.ts";
import { entitiesOf } from "../entities.ts";
import { denies, groupFor, withDenials } from "../groups.ts";
import type { RunJournal } from "../journal.ts";
import type { Result } from "../runner.ts";
import type { Scene } from "../scene.ts";

/**
 * Denies the paths to everybody who may read them, by one write: it holds for tokens that are out already, batch tokens among
 * them, and for every later login. What is to be denied stands in Vault's memory before.
 */
export async function deny(
  scene: Scene,
  journal: RunJournal,
  { paths, readers }: { readonly paths: readonly string[]; readonly readers: readonly Account[] },
): Promise<Result> {
  const [found, groups] = await Promise.all([
    entitiesOf(scene.vault, scene.settings, readers),
    scene.groups.all(),
  ]);
  const { denial } = journal.incident;
  const group = groupFor(groups, paths, denial);
  const before = groups[group];
  const wanted = {
    group,
    paths: [...new Set([...(denial?.paths ?? []), ...paths])],
    members: united(
      denial?.members ?? [],
      found.flatMap(({ entities }) => entities),
    ),
  };
  await journal.intend({ denial: wanted });
  await ensureDenied(scene, wanted);
  const { members } = wanted;
  return {
    text: `${wanted.paths.join(", ")} denied to ${members.length} identit${members.length === 1 ? "y" : "ies"} of ${readers.length} reader(s)`,
    before: { group, denied: before !== undefined && denies(before, wanted.paths, members) },
    after: wanted,
  };
}

/** What an incident denies, and the group that does. */
export interface Denial {
  readonly group: number;
  readonly paths: readonly string[];
  readonly members: readonly string[];
}

/**
 * Has the group deny all of it, and looks that it does.
 * @throws Error when somebody else undoes it
 */
export async function ensureDenied({ groups }: Scene, { group, paths, members }: Denial): Promise<void> {
  const before = await groups.read(group);
  if (denies(before, paths, members)) return;
  await groups.write(group, withDenials(before, paths, members));
  if (denies(await groups.read(group), paths, members)) return;
  throw new Error("the denial was written and is not there: somebody else writes the group");
}

/** Further entities are denied what the incident denies already. */
export async function denyAlso(
  scene: Scene,
  journal: RunJournal,
  entities: readonly string[],
): Promise<readonly string[]> {
  const { denial } = journal.incident;
  if (denial === undefined) throw new Error("nothing is denied");
  const late = entities.filter((one) => !denial.members.includes(one));
  const wanted = { ...denial, members: united(denial.members, late) };
  if (late.length > 0) await journal.intend({ denial: wanted });
  await ensureDenied(scene, wanted);
  return late;
}

function united(some: readonly string[], others: readonly string[]): string[] {
  return [...new Set([...some, ...others])].toSorted();
}
