import { setTimeout } from "node:timers/promises";
import { JOBS } from "../../config/rotation.ts";
import type { RotationKey } from "../../config/rotation-settings.ts";
import { exitCodes } from "../../jobs/rotator/errors.ts";
import type { RotationReport } from "../../jobs/rotator/report.ts";
import type { PodFacts, RotationCluster, StepEvent } from "./cluster.ts";
import { rotateCommand } from "./command-line.ts";
import { type CronJobFacts, type JobEnd, jobEnd } from "./jobs.ts";
import type { Slots } from "./slots.ts";
import { previousKeys } from "./status.ts";
import { timeText } from "./text.ts";

const POLL_MS = 1_000;
/** What takes no longer needs no report. */
const QUIET_MS = 2_000;
/** Failing looks at a Job, one after the other, until it is followed no more. */
const MOST_FAILED_LOOKS = 30;

/** Exit code of `now` where the run ended well without a new key; 1 is kept for errors, 3 to 8 are the rotator's own. */
export const NO_NEW_KEY = 2;

/**
 * Why a rotation must not begin now; `undefined` where it may. One that an earlier run left unfinished may always go on: no
 * other begins with it.
 */
export function refusal(
  key: RotationKey,
  slots: Slots,
  cronJobs: ReadonlyMap<string, CronJobFacts>,
  {
    now,
    despiteOverlap,
    stack,
  }: { readonly now: Date; readonly despiteOverlap: boolean; readonly stack: string },
): string | undefined {
  const { name } = key;
  const running = cronJobs.get(`${JOBS.rotate}${name}`)?.running;
  if (running !== undefined)
    return `${running} runs already: look at it with ${rotateCommand("status", name, stack)}`;
  const ends = despiteOverlap ? undefined : overlapEnd(slots);
  if (ends === undefined || Date.parse(ends) <= now.getTime()) return undefined;
  return (
    `The previous key of ${name} is valid until ${timeText(ends)}: its overlap still runs, and consumers may hold it. Run the ` +
    "command again after that. If the current key has leaked: --despite-overlap (docs/rotation.md#a-key-has-leaked)."
  );
}

/** Of the previous key that is valid longest; where a rotation would begin. */
function overlapEnd({ standing, report }: Slots): string | undefined {
  if (standing !== "reported" || report?.phase !== "idle") return undefined;
  const ends = report.previous.flatMap(({ revokeAfter }) => revokeAfter ?? []);
  return ends.toSorted((a, b) => Date.parse(b) - Date.parse(a))[0];
}

export interface Followed {
  readonly end: JobEnd;
  /** The pod's as it was last seen. */
  readonly pod: PodFacts | undefined;
}

/**
 * Follows a Job to its end, and gives each step as it is told. The Job goes on without us.
 * @throws Error when the Job is gone, or cannot be looked at for long
 */
export async function follow(
  cluster: RotationCluster,
  key: RotationKey,
  {
    job,
    instance,
    known,
  }: { readonly job: string; readonly instance: string; readonly known: readonly string[] },
  print: (step: StepEvent) => void,
): Promise<Followed> {
  const seen = new Set(known);
  const tell = progress(job);
  for (let failed = 0; ; ) {
    const found = await cluster.job(job);
    const pod = await cluster.newestPod(job);
    for (const step of await newSteps(cluster, key, instance, seen)) print(step);
    const end = typeof found === "object" ? jobEnd(found) : undefined;
    if (end !== undefined) return { end, pod };
    if (found === undefined) throw new Error(`The Job ${job} was deleted before it ended`);
    failed = typeof found === "string" ? failed + 1 : 0;
    if (failed > MOST_FAILED_LOOKS)
      throw new Error(`The Job ${job} goes on, and cannot be followed: ${found}`);
    tell(
      typeof found === "string" ? found : `the pod is ${pod?.state ?? "not there yet, or not to be seen"}`,
    );
    await setTimeout(POLL_MS);
  }
}

/** Tells, on standard error, what changes after the first seconds. */
function progress(job: string): (state: string) => void {
  const begun = performance.now();
  let told = "";
  return (state) => {
    const elapsedMs = performance.now() - begun;
    if (elapsedMs < QUIET_MS || state === told) return;
    told = state;
    console.error(`${job}: ${Math.round(elapsedMs / 1_000)} s: ${state}`);
  };
}

/** The same step is told about each ExternalSecret: once is enough. */
async function newSteps(
  cluster: RotationCluster,
  key: RotationKey,
  instance: string,
  seen: Set<string>,
): Promise<readonly StepEvent[]> {
  const steps = await cluster.steps(key, instance);
  if (typeof steps === "string") return [];
  return steps.filter((step) => {
    const told = [step.uid, `${step.reason} ${step.note}`];
    const fresh = !told.some((text) => seen.has(text));
    for (const text of told) seen.add(text);
    return fresh;
  });
}

/** What became of it, in words, and the exit code. `before` and `after` are the key's slots. */
export function outcome(
  key: RotationKey,
  { end, pod }: Followed,
  before: Slots,
  after: Slots,
  stack: string,
): { readonly text: string; readonly code: number } {
  const report = after.standing === "reported" ? after.report : undefined;
  if (!end.succeeded && failureCode(pod) === exitCodes.waiting) {
    const text = `No new key: its keys are made by people. Put one: ${rotateCommand("put", key.name, stack)}`;
    return { text, code: exitCodes.waiting };
  }
  if (!end.succeeded) {
    const said = report?.failures.rotate;
    const why = said === undefined ? end.reason : said.text;
    return {
      text: `Failed: ${why}\nThe current key stays. See docs/rotation.md#a-rotation-fails`,
      code: failureCode(pod),
    };
  }
  const current = report?.current;
  if (current === undefined || current.version === before.report?.current?.version) {
    const newest = report?.history.at(-1);
    // A retry of the Job found nothing more to do, and so ended well.
    if (newest?.what === "refused" && newest.at !== before.report?.history.at(-1)?.at) {
      return {
        text: `Failed: the provider refuses ${newest.name}. The current key stays.`,
        code: exitCodes.refusedKey,
      };
    }
    return { text: "No new key: another run was at work on it", code: NO_NEW_KEY };
  }
  const until = previousEnds(key, report);
  return { text: `${current.name} is current, in version ${current.version}${until}.`, code: exitCodes.done };
}

/** How long the key before is valid, if it is, as the end of a sentence. */
function previousEnds(key: RotationKey, report: RotationReport | undefined): string {
  const last = previousKeys(key, report).findLast(({ revokeAfter }) => revokeAfter !== null);
  if (last === undefined) return "";
  const ends = timeText(last.revokeAfter ?? "");
  return last.byHand
    ? `; the previous one, which the rotator cannot revoke, stays valid until you archive it at ${key.provider}: do so after ${ends} (overlap ${key.overlap})`
    : `; the previous one is valid until ${ends} (overlap ${key.overlap})`;
}

/** The rotator's own, where it says whose turn it is. */
function failureCode(pod: PodFacts | undefined): number {
  const own: readonly number[] = Object.values(exitCodes).filter((code) => code > exitCodes.usage);
  return pod?.exitCode !== undefined && own.includes(pod.exitCode) ? pod.exitCode : 1;
}
