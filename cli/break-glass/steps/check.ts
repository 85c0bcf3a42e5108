import { entitiesOf } from "../entities.ts";
import type { RunJournal } from "../journal.ts";
import { placeText } from "../places.ts";
import type { Plan } from "../plan.ts";
import type { Result } from "../runner.ts";
import type { Scene } from "../scene.ts";
import { denyAlso } from "./deny.ts";
import { standing } from "./destroy.ts";
import { nameOf } from "./secrets.ts";

/**
 * Looks at everything once more, since the world went on meanwhile: a reader whose account was made anew is denied as well, and a
 * Secret that ESO wrote with what it had read before the denial is deleted again.
 */
export async function check(scene: Scene, journal: RunJournal, plan: Plan): Promise<Result> {
  const [late, left, back] = await Promise.all([
    denyLatecomers(scene, journal, plan),
    versionsLeft(scene, journal, plan),
    secretsBack(scene, journal, plan),
  ]);
  return {
    text: [
      "denied",
      ...(plan.destroyed.length > 0 && journal.incident.steps.destroy === "done" ? ["no version left"] : []),
      ...(back === undefined ? [] : [`${back.length} Secret(s) came back and are deleted`]),
    ].join(", "),
    left,
    after: { late, secretsDeletedAgain: back ?? [] },
  };
}

async function denyLatecomers(scene: Scene, journal: RunJournal, plan: Plan): Promise<readonly string[]> {
  const found = await entitiesOf(scene.vault, scene.settings, plan.readers);
  return denyAlso(
    scene,
    journal,
    found.flatMap(({ entities }) => entities),
  );
}

async function versionsLeft(
  { vault }: Scene,
  { incident }: RunJournal,
  plan: Plan,
): Promise<readonly string[]> {
  if (incident.steps.destroy !== "done") return [];
  const left = await Promise.all(
    plan.destroyed.map(async (place) => {
      const name = placeText(place);
      const versions = await standing(vault, place, incident.lastVersions[name]);
      return versions.map((version) => `${name} has version ${version} again`);
    }),
  );
  return left.flat();
}

async function secretsBack(
  { cluster }: Scene,
  { incident }: RunJournal,
  plan: Plan,
): Promise<readonly string[] | undefined> {
  if (typeof cluster === "string" || incident.drill || incident.steps.secrets !== "done") return undefined;
  const again = await Promise.all(
    plan.secrets.map(async (held) => {
      return (await cluster.deleteSecret(held.namespace, held.secret)) === "deleted" ? [nameOf(held)] : [];
    }),
  );
  return again.flat();
}
