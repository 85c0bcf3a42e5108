import { setTimeout } from "node:timers/promises";
import { inParallel } from "../../../cli/in-parallel.ts";
import { type Command, RotationCase } from "./case.ts";
import type { RotationGround } from "./ground.ts";
import type { Passing } from "./proxy.ts";

/**
 * What befalls a run at one of its requests: it is killed before the request is carried out, or after it and before the
 * answer arrives, or it is held there until another run has come and gone.
 */
export type Blow = "killed before" | "killed after" | "overtaken at";

export interface Strike {
  readonly command: Command;
  /** See {@link Passing.label}. */
  readonly label: string;
  readonly blow: Blow;
}

export interface Outcome {
  readonly strike: Strike;
  /** Whether the run came to that request. */
  readonly struck: boolean;
  readonly calls: number;
  /** Calls of the consumer that failed. */
  readonly failures: readonly string[];
  readonly orphansLeft: readonly string[];
  /** After the next run. */
  readonly orphansAfter: readonly string[];
  /** From the blow until a run had ended the rotation. */
  readonly convergedMs: number;
  /** Everything else that is not as it should be. */
  readonly wrong: readonly string[];
}

/** How often ESO is asked whether it has synced depends on ESO. */
const POLL = /^kubernetes GET .*externalsecrets\/<id> #([0-9]+)$/;
const MOST_POLLS = 2;

/** Every request that a run of each command makes when nothing befalls it. */
export async function recordRequests(
  ground: RotationGround,
): Promise<Readonly<Record<Command, readonly string[]>>> {
  const rotation = await RotationCase.open(ground, "recorded", { restarts: 1 });
  try {
    const labels = async (command: Command) => {
      const { code, output } = await rotation.end(command);
      if (code !== 0) throw new Error(`the undisturbed ${command} failed: ${output}`);
      return rotation.proxies.passed.map(({ label }) => label).filter(isStable);
    };
    const rotate = await labels("rotate");
    await overlapOver(rotation);
    return { rotate, finish: await labels("finish") };
  } finally {
    await rotation.close();
  }
}

function isStable(label: string): boolean {
  return Number(POLL.exec(label)?.[1] ?? 0) <= MOST_POLLS;
}

/** Strikes at each of the requests, so many at a time, each with a key of its own. */
export async function strikeAll(
  ground: RotationGround,
  strikes: readonly Strike[],
  atOnce = 5,
): Promise<readonly Outcome[]> {
  return inParallel([...strikes.entries()], atOnce, ([index, strike]) =>
    outcomeOf(ground, strike, `${index}`),
  );
}

async function outcomeOf(ground: RotationGround, strike: Strike, name: string): Promise<Outcome> {
  const rotation = await RotationCase.open(ground, `${strike.command}-${name}`, { restarts: 1 });
  const consumers = [rotation.consume(), await rotation.consumeSecret()];
  const stop = () => Promise.all(consumers.map((consumer) => consumer.stop()));
  try {
    if (strike.command === "finish") await prepareFinish(rotation);
    const { struck, wrong } = await strikeOnce(rotation, strike);
    const begun = performance.now();
    const orphansLeft = await rotation.orphans();
    const next = await rotation.end(strike.command);
    const convergedMs = Math.round(performance.now() - begun);
    const orphansAfter = await rotation.orphans();
    const ending = await endOf(rotation);
    await stop();
    return {
      ...{ strike, struck, orphansLeft, orphansAfter, convergedMs },
      calls: consumers.reduce((sum, { calls }) => sum + calls, 0),
      failures: consumers.flatMap(({ failures }) => failures),
      wrong: [
        ...wrong,
        ...(next.code === 0 ? [] : [`the next run ended with ${next.code}: ${next.output}`]),
        ...ending,
      ],
    };
  } finally {
    await stop();
    await rotation.close();
  }
}

/** A rotation whose previous key is to be revoked now. */
export async function prepareFinish(rotation: RotationCase): Promise<void> {
  const { code, output } = await rotation.end("rotate");
  if (code !== 0) throw new Error(`the rotation before finish failed: ${output}`);
  await overlapOver(rotation);
}

async function strikeOnce(rotation: RotationCase, { command, label, blow }: Strike) {
  let struck = false;
  const wrong: string[] = [];
  const here = (passing: Passing) => !struck && passing.label === label;
  const kill = async (passing: Passing) => {
    if (!here(passing)) return;
    struck = true;
    await first.kill();
    throw new Error("killed");
  };
  const overtake = async (passing: Passing) => {
    if (!here(passing)) return;
    struck = true;
    const other = await rotation.run(command, "job-2").ended;
    if (other.code !== 0) wrong.push(`the overtaking run ended with ${other.code}: ${other.output}`);
  };
  rotation.proxies.watch(
    {
      "killed before": { before: kill },
      "killed after": { after: kill },
      "overtaken at": { before: overtake },
    }[blow],
  );
  const first = rotation.run(command);
  const { code, output } = await first.ended;
  const expected = struck && blow !== "overtaken at" ? null : 0;
  if (code !== expected) wrong.push(`the run ended with ${code}: ${output}`);
  return { struck, wrong };
}

/** Brings the rotation to its very end, and says what is not as it should be then. */
export async function endOf(rotation: RotationCase): Promise<readonly string[]> {
  const wrong: string[] = [];
  const before = await rotation.state();
  if (before?.phase !== "idle") wrong.push(`the phase is ${before?.phase} after the next run`);
  await overlapOver(rotation);
  const last = await rotation.end("finish", "job-9");
  if (last.code !== 0) wrong.push(`the last finish ended with ${last.code}: ${last.output}`);
  const state = await rotation.state();
  const names = rotation.accounts().map(({ name }) => name);
  if (state?.current?.name !== names[0] || names.length !== 1)
    wrong.push(`left at the provider: ${names.join(", ")}`);
  if ((state?.generation ?? 0) < 2) wrong.push("no rotation took place");
  if (state?.previous.length !== 0 || state.doomed.length !== 0) wrong.push("keys left in the state");
  if ((await rotation.live())?.data.other !== "stays")
    wrong.push("another property of the live secret is gone");
  wrong.push(...(await rotation.revokedEarly()));
  return wrong;
}

/** Waits until every previous key may be revoked. Vault runs on this machine, so its clock is ours. */
export async function overlapOver(rotation: RotationCase): Promise<void> {
  const { previous = [] } = (await rotation.state()) ?? {};
  const last = Math.max(0, ...previous.map(({ revokeAfter }) => Date.parse(revokeAfter ?? "")));
  await setTimeout(Math.max(0, last - Date.now() + 5));
}
