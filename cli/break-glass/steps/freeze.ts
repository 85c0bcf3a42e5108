import { inParallel } from "../../in-parallel.ts";
import { type Account, entitiesOf } from "../entities.ts";
import type { RunJournal } from "../journal.ts";
import type { Result } from "../runner.ts";
import type { Scene } from "../scene.ts";

const AT_ONCE = 8;

/** Turns logins off as a whole: Vault answers no request of theirs, and no login. */
export async function freeze(scene: Scene, journal: RunJournal, logins: readonly Account[]): Promise<Result> {
  const found = await entitiesOf(scene.vault, scene.settings, logins);
  const entities = found.flatMap((one) => one.entities);
  const disabled = await inParallel(entities, AT_ONCE, async (id) => {
    return (await scene.vault.read(`identity/entity/id/${id}`))?.disabled === true;
  });
  const awake = entities.filter((_, index) => !disabled[index]);
  await journal.intend({ frozen: [...new Set([...journal.incident.frozen, ...awake])] });
  await inParallel(awake, AT_ONCE, (id) => scene.vault.write(`identity/entity/id/${id}`, { disabled: true }));
  const strangers = found.filter((one) => one.entities.length === 0);
  return {
    text: `${entities.length} identit${entities.length === 1 ? "y" : "ies"} of ${logins.length} login(s) turned off`,
    left: strangers.map(
      ({ namespace, serviceAccount }) =>
        `${namespace}/${serviceAccount} has never logged in: there is nothing to turn off yet. Run this again after its first login`,
    ),
    before: { alreadyOff: entities.filter((id) => !awake.includes(id)) },
    after: { off: entities },
  };
}
