import { reset, up } from "../sandbox/sandbox.ts";
import { type Command, RotationCase } from "../test/sandbox/rotation/case.ts";
import { type RotationGround, rotationGround } from "../test/sandbox/rotation/ground.ts";
import { overlapOver, strikeAll } from "../test/sandbox/rotation/matrix.ts";
import { kills } from "./rotation/kills.ts";

/** What came of runs that were killed in one step, or not at all, in all rounds together. */
export interface MeasuredStep {
  /** `undisturbed`, or the step that the run was killed in. */
  readonly step: string;
  readonly command: Command;
  /** Of consumers that call the provider all the time, one with the key in Vault, one with the synced Secret. */
  readonly calls: number;
  readonly failedCalls: number;
  /** Keys at the provider that the state does not name: after the kill, the most of any round, and after the next run. */
  readonly orphansLeft: number;
  readonly orphansAfter: number;
  /** From the kill until the next run had ended the rotation, or for an undisturbed run: the median of the rounds. */
  readonly convergedMs: number;
  /** Times as long as the same command undisturbed. */
  readonly ratio: number;
}

export interface RotationMeasurement {
  readonly rounds: number;
  readonly steps: readonly MeasuredStep[];
}

/** One round of one step. */
interface Round {
  readonly calls: number;
  readonly failures: readonly string[];
  readonly orphansLeft: readonly string[];
  readonly orphansAfter: readonly string[];
  readonly convergedMs: number;
}

const ROUNDS = 3;

/**
 * Rotates against an emulated provider and real servers of its own below `root`, which is deleted before: undisturbed, and
 * killed once in each step, several rounds, one rotation after the other. The sandbox is left running.
 */
export async function measureRotation(
  root: string,
  report: (line: string) => void,
): Promise<RotationMeasurement> {
  await reset({ root });
  const ground = await rotationGround(await up({ root, report }));
  try {
    report("Rotating undisturbed");
    const baseline = await undisturbed(ground);
    const undisturbedMs = { rotate: medianMs(baseline.rotate), finish: medianMs(baseline.finish) };
    report(`Rotating, killed in ${kills.length} steps, ${ROUNDS} times each`);
    const killed = await killedRounds(ground);
    const rows = [
      ...(["rotate", "finish"] as const).map((command) => ({
        ...{ step: "undisturbed", command, rounds: baseline[command] },
      })),
      ...kills.map(({ step, command }, index) => ({ step, command, rounds: killed[index] ?? [] })),
    ];
    const steps = rows.map(({ step, command, rounds }) =>
      summed(step, command, rounds, undisturbedMs[command]),
    );
    return { rounds: ROUNDS, steps };
  } finally {
    await ground.close();
  }
}

/** The rounds of each kill. */
async function killedRounds(ground: RotationGround): Promise<readonly (readonly Round[])[]> {
  const strikes = Array.from({ length: ROUNDS }, () => kills).flat();
  const outcomes = await strikeAll(ground, strikes, 1);
  for (const { struck, strike, wrong } of outcomes) {
    if (!struck) throw new Error(`no run came to ${strike.label}`);
    if (wrong.length > 0) throw new Error(`${strike.blow} ${strike.label}: ${wrong.join("; ")}`);
  }
  return kills.map((_, index) => outcomes.filter((__, at) => at % kills.length === index));
}

async function undisturbed(ground: RotationGround): Promise<Readonly<Record<Command, readonly Round[]>>> {
  const rounds = { rotate: [] as Round[], finish: [] as Round[] };
  for (let round = 1; round <= ROUNDS; round += 1) {
    const rotation = await RotationCase.open(ground, `undisturbed-${round}`, { restarts: 1 });
    for (const command of ["rotate", "finish"] as const) {
      if (command === "finish") await overlapOver(rotation);
      rounds[command].push(await undisturbedRound(rotation, command));
    }
    await rotation.close();
  }
  return rounds;
}

async function undisturbedRound(rotation: RotationCase, command: Command): Promise<Round> {
  const consumers = [rotation.consume(), await rotation.consumeSecret()];
  const begun = performance.now();
  const { code, output } = await rotation.end(command);
  const convergedMs = Math.round(performance.now() - begun);
  await Promise.all(consumers.map((consumer) => consumer.stop()));
  if (code !== 0) throw new Error(`the undisturbed ${command} failed: ${output}`);
  const orphans = await rotation.orphans();
  return {
    ...{ convergedMs, orphansLeft: orphans, orphansAfter: orphans },
    calls: consumers.reduce((sum, { calls }) => sum + calls, 0),
    failures: consumers.flatMap(({ failures }) => failures),
  };
}

function summed(
  step: string,
  command: Command,
  rounds: readonly Round[],
  undisturbedMs: number,
): MeasuredStep {
  const convergedMs = medianMs(rounds);
  return {
    ...{ step, command, convergedMs },
    calls: rounds.reduce((sum, { calls }) => sum + calls, 0),
    failedCalls: rounds.reduce((sum, { failures }) => sum + failures.length, 0),
    orphansLeft: Math.max(...rounds.map(({ orphansLeft }) => orphansLeft.length)),
    orphansAfter: Math.max(...rounds.map(({ orphansAfter }) => orphansAfter.length)),
    ratio: Number((convergedMs / undisturbedMs).toFixed(2)),
  };
}

function medianMs(rounds: readonly Round[]): number {
  const sorted = rounds.map(({ convergedMs }) => convergedMs).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
