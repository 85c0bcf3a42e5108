import type { KvPlace } from "../../../config/rotation-settings.ts";
import type { RunJournal } from "../journal.ts";
import { destroyPath, metadataPath, placeText } from "../places.ts";
import type { Result } from "../runner.ts";
import type { Scene } from "../scene.ts";

/** A version that comes while others are destroyed goes with them; somebody who writes all the time is not raced for ever. */
const MOST_TRIES = 5;

/**
 * Destroys every version of these secrets that there is, deleted ones too, and looks that none is left. Once it is done, what
 * is put later is not touched by another run.
 */
export async function destroyVersions(
  { vault }: Scene,
  journal: RunJournal,
  places: readonly KvPlace[],
): Promise<Result> {
  const known = journal.incident.steps.destroy === "done" ? journal.incident.lastVersions : {};
  const before: Record<string, readonly number[]> = {};
  for (const place of places) {
    const name = placeText(place);
    before[name] = await standing(vault, place, known[name]);
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const versions = await standing(vault, place, known[name]);
      if (versions.length === 0) break;
      const newest = Math.max(journal.incident.lastVersions[name] ?? 0, ...versions);
      await journal.intend({ lastVersions: { ...journal.incident.lastVersions, [name]: newest } });
      await vault.write(destroyPath(place), { versions });
    }
    const left = await standing(vault, place, known[name]);
    if (left.length > 0) throw new Error(`${name} still has the versions ${left.join(", ")}`);
    const newest = await newestVersion(vault, place);
    await journal.intend({ lastVersions: { [name]: newest, ...journal.incident.lastVersions } });
  }
  const counts = Object.entries(before).map(([name, versions]) => `${versions.length} of ${name}`);
  return {
    text: `versions destroyed: ${counts.join(", ")}`,
    before: { standing: before },
    after: { standing: {}, lastVersions: journal.incident.lastVersions },
  };
}

/** The newest version's number; 0 where nothing was ever written. */
export async function newestVersion(vault: Scene["vault"], place: KvPlace): Promise<number> {
  return Number((await vault.read(metadataPath(place)))?.current_version ?? 0);
}

/** Versions whose data Vault still has, none newer than `upTo`. */
export async function standing(
  vault: Scene["vault"],
  place: KvPlace,
  upTo = Number.POSITIVE_INFINITY,
): Promise<readonly number[]> {
  const found = (await vault.read(metadataPath(place)))?.versions ?? {};
  return Object.entries(found as Readonly<Record<string, { readonly destroyed?: unknown }>>)
    .filter(([number, { destroyed }]) => destroyed !== true && Number(number) <= upTo)
    .map(([number]) => Number(number));
}
