import { stackSettings } from "../stack.ts";
import { confirm } from "./confirm.ts";
import { evidenceFileName, requireWritable } from "./evidence-file.ts";
import { groupFor } from "./groups.ts";
import { type Look, lookAround } from "./look.ts";
import { claimed, type Incident, type NewIncident, openIncidentOf, othersAtWork } from "./memory.ts";
import { newRun, type SceneOptions, withScene } from "./open-scene.ts";
import { type Plan, planOf } from "./plan.ts";
import { planText } from "./plan-text.ts";
import { knownRecord, openJournal } from "./record.ts";
import { type Outcome, outcomeText } from "./result-text.ts";
import { requireRights, revokingRights } from "./rights.ts";
import { exitCodeFor, runSteps } from "./runner.ts";
import { type Scene, type Who, whoAmI } from "./scene.ts";
import { stepsOf } from "./steps.ts";
import { findTarget } from "./target.ts";

export interface RevokeOptions extends SceneOptions {
  readonly provider?: true;
  readonly freeze?: string;
  readonly plan?: true;
  readonly yesIMean?: string;
  readonly json?: true;
}

/** @returns the exit code: 0 all is done, 2 some is not, 1 nothing was */
export async function revoke(path: string, options: RevokeOptions): Promise<number> {
  const settings = await stackSettings(options.stack);
  const target = findTarget(settings, path, options.stack);
  const asked = planOf(settings, target, options);
  return withScene(options, settings, async (scene) => {
    await requireRights(scene, revokingRights(scene, asked), "break-glass");
    const remembered = openIncidentOf(await scene.store.read(), target.apiPath);
    const plan = planOf(settings, target, joined(options, remembered));
    if (remembered !== undefined) await requireRights(scene, revokingRights(scene, plan), "break-glass");
    await requireRoom(scene, plan, remembered);
    const look = await lookAround(scene, plan);
    console.error(planText(plan, look));
    if (options.plan) {
      if (options.json) console.log(JSON.stringify({ plan: planFacts(plan), look }, null, 2));
      return 0;
    }
    await confirm(plan.target, options.yesIMean);
    const outcome = await carryOut(scene, plan, look, { drill: false });
    console.log(options.json ? JSON.stringify(outcome, null, 2) : outcomeText(outcome, scene.stack));
    return exitOf(outcome);
  });
}

/**
 * What cannot be denied is refused while nothing is begun: an incident that waits for its denial could be neither finished nor
 * restored.
 */
async function requireRoom({ groups }: Scene, { denied }: Plan, open: Incident | undefined): Promise<void> {
  try {
    groupFor(await groups.all(), denied, open?.denial);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}. Nothing was done.`);
  }
}

/** What an earlier run of the incident was told stays told. */
function joined({ provider, freeze }: RevokeOptions, open: Incident | undefined) {
  const named = freeze ?? open?.freeze;
  return {
    provider: provider === true || open?.provider === true,
    ...(named === undefined ? {} : { freeze: named }),
  };
}

/** Claims the incident, does all of it, and says what came of it. */
export async function carryOut(
  scene: Scene,
  plan: Plan,
  look: Look,
  { drill }: { readonly drill: boolean },
): Promise<Outcome> {
  const [who, vaultCluster, memory] = await Promise.all([
    whoAmI(scene),
    scene.vault.clusterId(),
    scene.store.read(),
  ]);
  await requireWritable(process.cwd());
  const before = openIncidentOf(memory, plan.target.apiPath);
  const { environment } = scene.settings;
  const known =
    before === undefined
      ? undefined
      : await knownRecord(scene, before, vaultCluster, evidenceFileName(environment, before.id));
  const incident = await claim(scene, plan, who, drill);
  const { journal, file } = await openJournal(
    ...([scene, incident, known, who, vaultCluster, { ...planFacts(plan), look }] as const),
  );
  let deniedAfter: number | null = null;
  const steps = await runSteps(stepsOf(scene, journal, plan), {
    begun: (step) => journal.begun(step),
    ended: async (step) => {
      if (step.id === "deny" && step.standing !== "failed") deniedAfter = Math.round(performance.now()); // from the start of this process
      await journal.ended(step);
    },
  });
  const closed = drill && steps.some(({ id, standing }) => id === "restore:deny" && standing === "done");
  await journal.finish(closed ? { closedAt: new Date().toISOString(), closedBy: who.vaultDisplayName } : {});
  const unrecorded = journal.unrecorded;
  return {
    ...{ id: incident.id, path: plan.target.name, drill, evidence: file, steps },
    notDone: [
      ...steps.flatMap(({ left = [] }) => left),
      ...(unrecorded === undefined
        ? []
        : [`Vault's memory does not have all of it (${unrecorded}): run the same command again`]),
    ],
    deniedAfterMilliseconds: deniedAfter,
  };
}

export function exitOf({ steps, notDone }: Outcome): number {
  const code = exitCodeFor(steps);
  return code === 0 && notDone.length > 0 ? 2 : code;
}

async function claim(scene: Scene, plan: Plan, who: Who, drill: boolean): Promise<Incident> {
  const { target, provider, freeze } = plan;
  const wanted: NewIncident = {
    ...{ name: target.name, apiPath: target.apiPath, drill, provider, run: newRun() },
    ...(target.kv === undefined ? {} : { kv: target.kv }),
    ...(freeze === undefined ? {} : { freeze: freeze.name }),
    openedBy: who.vaultDisplayName,
  };
  return scene.store.change((memory) => {
    const now = new Date();
    const other = othersAtWork(memory, target.apiPath, now);
    if (other !== undefined) {
      throw new Error(
        `Incident ${other.id} of ${other.name} is being worked on (by ${other.openedBy}, last seen ${other.seenAt}). Let it end; ` +
          "if it was cut off, this goes on a minute after it was last seen. Nothing was done.",
      );
    }
    const { memory: next, incident } = claimed(memory, wanted, now);
    return { memory: next, made: incident };
  });
}

/** The plan as the evidence has it. */
function planFacts({ target, readers, denied, destroyed, secrets, rotations, provider, freeze }: Plan) {
  return {
    ...{ target, readers, denied, destroyed, secrets, provider },
    rotations: rotations.map(({ name, provider: issuer }) => ({ name, provider: issuer })),
    freeze:
      freeze === undefined
        ? null
        : { name: freeze.name, logins: freeze.logins.map(({ role }) => role), paths: freeze.paths },
  };
}
