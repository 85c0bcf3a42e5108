import { randomUUID } from "node:crypto";
import type { Log } from "../shared/log.ts";
import { RotationError } from "./errors.ts";
import type { RotationCluster } from "./kubernetes.ts";
import type { Lineage } from "./lineage.ts";
import type { Narrator } from "./narrator.ts";
import type { Provider } from "./providers/provider.ts";
import type { Limits, RotationSpec } from "./spec.ts";
import type { RotationState } from "./state.ts";
import { createKey } from "./steps/create.ts";
import { finishDue, LiveKeyError, nothingDue } from "./steps/finish.ts";
import { promote } from "./steps/promote.ts";
import { settle } from "./steps/settle.ts";
import { testStaged } from "./steps/test.ts";
import type { RotationVault } from "./vault.ts";

/** What every step works with. */
export interface Rotation {
  readonly spec: RotationSpec;
  readonly limits: Limits;
  /** Of this run alone. */
  readonly run: string;
  /** The Kubernetes Job that this run rotates for, if it was told. */
  readonly job: string | undefined;
  readonly vault: RotationVault;
  readonly cluster: RotationCluster;
  readonly provider: Provider;
  readonly lineage: Lineage;
  readonly log: Log;
  readonly narrator: Narrator;
}

export type Command = "rotate" | "finish";

/** A name of one run's own, which tells other runs what it does. */
export function runName(command: Command): string {
  return `${command}-${randomUUID()}`;
}

/** Whether a run does not begin a rotation where there is none. */
export function onlyFinishes(run: string): boolean {
  return run.startsWith("finish-");
}

/** Each phase's step leads to a later one, and the last to idle; killed in it, the next run does it again. */
const steps: Readonly<
  Record<Exclude<RotationState["phase"], "idle">, (rotation: Rotation) => Promise<void>>
> = {
  creating: createKey,
  staged: testStaged,
  promoting: promote,
  promoted: settle,
};

/**
 * One run. `rotate` ends what an earlier run began, else begins a rotation and brings it to its end, once a Job. `finish`
 * begins none. Both revoke previous keys whose overlap is over.
 * @throws RotationError for what a person is to hear of; OvertakenError when another run is at work
 */
export async function run(command: Command, rotation: Rotation): Promise<void> {
  const { lineage, job, log, vault, narrator, provider } = rotation;
  const begun = lineage.state;
  const sameJob = job !== undefined && begun.job === job;
  const ended = begun.phase === "idle";
  if (ended && (command === "finish" || sameJob) && nothingDue(begun, vault.roughNow)) {
    log.step("nothing-to-do");
    return;
  }
  await lineage.claim(rotation.run, job);
  narrator.now = new Date(lineage.now);
  log.step("claimed", { generation: begun.generation, phase: begun.phase });
  await complete(rotation);
  const begins = command === "rotate" && ended && !sameJob;
  const barred = await barredByLive(rotation, begins && provider.maker !== undefined);
  if (begins) {
    await begin(rotation);
    await complete(rotation);
  }
  if (barred) await finishDue(rotation);
  log.step("done", { generation: lineage.state.generation });
}

/** Finishes what is due. A live key that is no good bars that, and not the rotation that is about to replace it. */
async function barredByLive(rotation: Rotation, replacing: boolean): Promise<boolean> {
  try {
    await finishDue(rotation);
    return false;
  } catch (error) {
    if (!replacing || !(error instanceof LiveKeyError)) throw error;
    rotation.log.step("replaces-first", { note: error.message });
    return true;
  }
}

async function begin(rotation: Rotation): Promise<void> {
  if (rotation.provider.maker !== undefined) return createKey(rotation);
  const { mount, path } = rotation.spec.state;
  throw new RotationError("waiting", {
    field: `staged key in ${mount}/${path}`,
    found: "none",
    allowed: "a key that a person made at the provider",
    fix: `put one: npm run rotate -- put ${rotation.spec.key}`,
  });
}

async function complete(rotation: Rotation): Promise<void> {
  for (;;) {
    const { phase } = rotation.lineage.state;
    if (phase === "idle") return;
    await steps[phase](rotation);
  }
}
