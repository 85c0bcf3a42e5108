import { operatorPolicyName } from "../../access/operators/names.ts";
import { npmRun } from "../command-line.ts";
import { readState } from "../secrets/kv.ts";
import { putCommand } from "../secrets/put-command.ts";
import { stackSettings } from "../stack.ts";
import { evidenceFileName, readEvidence } from "./evidence-file.ts";
import type { RunJournal } from "./journal.ts";
import { type Incident, type Memory, replaced } from "./memory.ts";
import { newRun, type SceneOptions, withScene } from "./open-scene.ts";
import { placeText } from "./places.ts";
import { knownRecord, openJournal } from "./record.ts";
import { stepsTable } from "./result-text.ts";
import { requireRights, restoringRights } from "./rights.ts";
import { type Ended, exitCodeFor, runSteps } from "./runner.ts";
import { type Scene, type Who, whoAmI } from "./scene.ts";
import { restoringSteps } from "./steps/restore.ts";

export interface RestoreOptions extends SceneOptions {
  readonly json?: true;
}

/**
 * Gives access back once a new value stands at the path.
 * @param named an incident's id, or its evidence file
 * @returns the exit code: 0 all is done, 2 some is not, 1 nothing was
 */
export async function restore(named: string, options: RestoreOptions): Promise<number> {
  return withScene(options, await stackSettings(options.stack), async (scene) => {
    await requireRights(scene, restoringRights(scene), "break-glass-restore");
    const [vaultCluster, memory, who] = await Promise.all([
      scene.vault.clusterId(),
      scene.store.read(),
      whoAmI(scene),
    ]);
    requireRestorer(scene, who);
    const { incident, file } = await incidentNamed(scene, memory, named);
    const known = await knownRecord(scene, incident, vaultCluster, file);
    if (incident === undefined) throw unknownIncident(named, memory, scene.stack);
    if (incident.closedAt !== undefined)
      throw new Error(`Incident ${incident.id} was closed ${incident.closedAt}. Nothing was done.`);
    await requireNewValue(scene, incident);
    const mine = await takeOver(scene, incident);
    const facts = { restores: incident.id, denial: incident.denial ?? null, frozen: incident.frozen };
    const opened = await openJournal(scene, mine, known, who, vaultCluster, facts);
    const steps = await giveBack(scene, opened.journal, who.vaultDisplayName);
    const notDone = steps.flatMap(({ left = [] }) => left);
    const outcome = { id: incident.id, path: incident.name, evidence: opened.file, steps, notDone };
    console.log(options.json ? JSON.stringify(outcome, null, 2) : restoredText(outcome));
    return exitCodeFor(steps);
  });
}

/** The steps, and the incident's end once nothing is denied for it any more. */
export async function giveBack(scene: Scene, journal: RunJournal, by: string): Promise<readonly Ended[]> {
  const steps = await runSteps(restoringSteps(scene, journal), journal);
  const open = steps.some(({ id, standing }) => id !== "restore:nudge" && standing !== "done");
  await journal.finish(open ? {} : { closedAt: new Date().toISOString(), closedBy: by });
  return steps;
}

async function incidentNamed(
  { settings }: Scene,
  { incidents }: Memory,
  named: string,
): Promise<{ readonly incident: Incident | undefined; readonly file: string }> {
  const byId = incidents.find(({ id }) => id === named);
  if (byId !== undefined) return { incident: byId, file: evidenceFileName(settings.environment, named) };
  const evidence = await readEvidence(named);
  return { incident: incidents.find(({ id }) => id === evidence?.head.incident), file: named };
}

function unknownIncident(named: string, { incidents }: Memory, stack: string): Error {
  const open = incidents.filter(({ closedAt }) => closedAt === undefined).map(({ id }) => id);
  return new Error(
    `There is no incident and no evidence file ${named}. Open: ${open.join(", ") || "none"} (${npmRun(stack, "break-glass", "list")}). Nothing was done.`,
  );
}

/** Vault cannot tell lifting a denial from adding one: who took access away is not to give it back by mistake or in haste. */
function requireRestorer(
  { settings: { environment } }: Scene,
  { vaultPolicies, vaultDisplayName }: Who,
): void {
  const needed = operatorPolicyName(environment, "break-glass-restore");
  if (vaultPolicies.includes(needed)) return;
  throw new Error(
    `A restore takes the policy ${needed}, which this token (${vaultDisplayName}) does not have. Log in as break-glass-restore ` +
      "(docs/break-glass.md#who-may). Nothing was done.",
  );
}

/** @throws Error that says how to put one */
async function requireNewValue(
  { vault, stack }: Scene,
  { id, name, kv, lastVersions }: Incident,
): Promise<void> {
  if (kv === undefined) return;
  const place = placeText(kv);
  const last = lastVersions[place];
  if (last === undefined) {
    throw new Error(
      `The versions of ${place} are not destroyed yet: what was revoked would be read again. Finish incident ${id} first: ` +
        `${npmRun(stack, "break-glass", "revoke", name)}. Nothing was done.`,
    );
  }
  const { versions } = await readState(vault, kv.mount, kv.path);
  if (versions.some(({ version, readable }) => readable && version > last)) return;
  throw new Error(
    `${place} has no value since the incident (newest version then: ${last}). Put a new one first, as secret-admin: ` +
      `${putCommand(kv.path, stack)}. Nothing was done.`,
  );
}

async function takeOver({ store }: Scene, { id }: Incident): Promise<Incident> {
  const run = newRun();
  return store.change((memory) => {
    const there = memory.incidents.find((one) => one.id === id);
    if (there === undefined || there.closedAt !== undefined)
      throw new Error(`Incident ${id} was closed meanwhile. Nothing was done.`);
    const mine = { ...there, run, ended: false, seenAt: new Date().toISOString() };
    return { memory: replaced(memory, mine), made: mine };
  });
}

interface Restored {
  readonly id: string;
  readonly path: string;
  readonly evidence: string;
  readonly steps: readonly Ended[];
  readonly notDone: readonly string[];
}

function restoredText({ id, path, evidence, steps, notDone }: Restored): string {
  return [
    stepsTable(steps),
    ...(notDone.length === 0 ? [] : ["NOT done:", ...notDone.map((line) => `  - ${line}`)]),
    `Incident ${id} of ${path}; evidence: ${evidence}`,
  ].join("\n");
}
