import { inParallel } from "../../in-parallel.ts";
import { withoutDenials } from "../groups.ts";
import type { RunJournal } from "../journal.ts";
import { keptDenials, keptFrozen } from "../memory.ts";
import { secretsHolding } from "../plan.ts";
import type { Result, Step } from "../runner.ts";
import type { Scene } from "../scene.ts";

const AT_ONCE = 8;

/** The steps that give access back, each harmless when it was done before. */
export function restoringSteps(scene: Scene, journal: RunJournal): readonly Step[] {
  const { drill, frozen } = journal.incident;
  return [
    { id: "restore:deny", title: "lift the denial", needs: [], run: () => lift(scene, journal) },
    ...(frozen.length === 0
      ? []
      : [
          { id: "restore:freeze", title: "let frozen logins in", needs: [], run: () => thaw(scene, journal) },
        ]),
    ...(drill
      ? []
      : [
          {
            id: "restore:nudge",
            title: "have ESO read it now",
            needs: ["restore:deny"],
            run: () => nudge(scene, journal),
          },
        ]),
  ];
}

/** Takes the incident's paths and members out of its group, save what other open incidents need there. */
async function lift({ store, groups }: Scene, { incident }: RunJournal): Promise<Result> {
  const { denial } = incident;
  if (denial === undefined) return { text: "nothing was denied" };
  const { group, paths, members } = denial;
  const kept = keptDenials(await store.read(), incident.id, group);
  const before = await groups.read(group);
  const wanted = withoutDenials(before, paths, members, kept);
  await groups.write(group, wanted);
  const after = await groups.read(group);
  if (
    JSON.stringify(after) !== JSON.stringify(wanted) &&
    members.some((one) => after.members.includes(one) && !kept.members.includes(one))
  ) {
    throw new Error("the denial was lifted and is there still: somebody else writes the group");
  }
  return {
    text: `${paths.join(", ")} given back to ${members.length} identit${members.length === 1 ? "y" : "ies"}`,
    before: { group, members: before.members.length },
    after: { group, members: after.members.length },
  };
}

async function thaw({ store, vault }: Scene, { incident }: RunJournal): Promise<Result> {
  const kept = keptFrozen(await store.read(), incident.id);
  const entities = incident.frozen.filter((id) => !kept.includes(id));
  await inParallel(entities, AT_ONCE, (id) => vault.write(`identity/entity/id/${id}`, { disabled: false }));
  return {
    text: `${entities.length} identit${entities.length === 1 ? "y" : "ies"} let in again`,
    after: { on: entities, stillOff: incident.frozen.filter((id) => kept.includes(id)) },
  };
}

/** Denied as they were, their retries have grown rare. */
async function nudge({ settings, cluster }: Scene, { incident }: RunJournal): Promise<Result> {
  const all = secretsHolding(settings, incident.apiPath);
  const outcomes = await inParallel(all, AT_ONCE, async ({ namespace, externalSecret }) => ({
    name: `${namespace}/${externalSecret}`,
    why: typeof cluster === "string" ? cluster : await cluster.nudge(namespace, externalSecret),
  }));
  return {
    text: `${outcomes.filter(({ why }) => why === undefined).length} of ${all.length} ExternalSecret(s) told to refresh`,
    left: outcomes.flatMap(({ name, why }) =>
      why === undefined
        ? []
        : [`${name} was not told to refresh (${why}); ESO does by itself within minutes`],
    ),
  };
}
