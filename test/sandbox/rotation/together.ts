import { type Command, RotationCase } from "./case.ts";
import type { RotationGround } from "./ground.ts";
import { endOf, prepareFinish } from "./matrix.ts";
import type { Ended } from "./process.ts";
import type { Watcher } from "./proxy.ts";

/** How two runs of one rotation come to be at work at once. */
export interface Meeting {
  /** The requests, by their labels, that the first and the second are held at until both are there. @default none */
  readonly at?: readonly [string, string];
  /** Whether they then go on together, or the first to its end and the second after it. @default "both" */
  readonly release?: "both" | "first";
  /** @default "together"; else the second starts once the first is held */
  readonly start?: "together" | "one after the other";
  readonly jobs: readonly [string, string];
  /** What the second does; to finish, there is a previous key to be revoked. @default "rotate" */
  readonly second?: Command;
}

export interface Met {
  readonly meeting: Meeting;
  readonly ended: readonly [Ended, Ended];
  /** Whether both were there. */
  readonly met: boolean;
  /** Versions of the live slot, and promotions in the state, that the two made. */
  readonly versions: number;
  readonly promotions: number;
  readonly next: Ended;
  readonly orphansAfter: readonly string[];
  readonly failures: readonly string[];
  /** What is not as it should be when the rotation has come to its very end. */
  readonly wrong: readonly string[];
}

export async function meet(ground: RotationGround, name: string, meeting: Meeting): Promise<Met> {
  const rotation = await RotationCase.open(ground, name, { restarts: 1, overlapSeconds: 2 });
  const consumer = rotation.consume();
  const barrier = new Barrier(meeting);
  const { second: command = "rotate" } = meeting;
  try {
    if (command === "finish") await prepareFinish(rotation);
    const version = (await rotation.live())?.version ?? 0;
    const before = await promotionsOf(rotation);
    rotation.proxies.watch(barrier.watcher);
    const [job, other] = meeting.jobs;
    const first = rotation.run("rotate", job).ended.finally(() => barrier.end());
    if (meeting.start === "one after the other") await barrier.occupied;
    const second = rotation.run(command, other).ended.finally(() => barrier.open());
    const ended = await Promise.all([first, second] as const);
    const versions = ((await rotation.live())?.version ?? 0) - version;
    const promotions = (await promotionsOf(rotation)) - before;
    const next = await rotation.end("rotate", "job-next");
    const orphansAfter = await rotation.orphans();
    const wrong = await endOf(rotation);
    await consumer.stop();
    const { failures } = consumer;
    return { meeting, ended, met: barrier.full, versions, promotions, next, orphansAfter, failures, wrong };
  } finally {
    await consumer.stop();
    await rotation.close();
  }
}

async function promotionsOf(rotation: RotationCase): Promise<number> {
  const { history = [] } = (await rotation.state()) ?? {};
  return history.filter(({ what }) => what === "promoted").length;
}

/** Holds the first where it is to be until the second is there, or until nobody is to be expected any more. */
class Barrier {
  readonly watcher: Watcher;
  readonly #occupied = new Gate();
  readonly #open = new Gate();
  readonly #ended = new Gate();
  #full = false;

  constructor({ at, release = "both" }: Meeting) {
    this.watcher = {
      before: async ({ label }) => {
        if (label === at?.[0]) {
          this.#occupied.open();
          await this.#open.opened;
        }
        if (label === at?.[1]) {
          this.#full = true;
          this.#open.open();
          if (release === "first") await this.#ended.opened;
        }
      },
    };
  }

  /** When the first is held, or has ended without coming here. */
  get occupied(): Promise<void> {
    return this.#occupied.opened;
  }

  get full(): boolean {
    return this.#full;
  }

  open(): void {
    this.#occupied.open();
    this.#open.open();
  }

  /** The first has ended. */
  end(): void {
    this.open();
    this.#ended.open();
  }
}

class Gate {
  open = () => {};
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

/** The last that a run said of itself. */
export function lastStep({ steps }: Ended): unknown {
  return steps.at(-1)?.step;
}
