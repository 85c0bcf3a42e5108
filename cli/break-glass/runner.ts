import type { Standing } from "./memory.ts";

/** What a step came to. */
export interface Result {
  /** In a few words, for the table at the end. */
  readonly text: string;
  /** What is not done, each with what to do about it; the step counts as done in part then. */
  readonly left?: readonly string[];
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
}

/** Something that is done once or again with the same outcome. */
export interface Step {
  readonly id: string;
  readonly title: string;
  /** Steps that must be done, at least in part, before it may begin. */
  readonly needs: readonly string[];
  run(): Promise<Result>;
}

/** How one step ended. */
export interface Ended extends Result {
  readonly id: string;
  readonly title: string;
  readonly standing: Standing;
  readonly milliseconds: number;
}

/** Told before and after each step; the record is safe before the next thing happens. */
export interface Journal {
  begun(step: Pick<Step, "id">): Promise<void>;
  ended(step: Ended): Promise<void>;
}

/** Another run has taken over, or the record cannot be kept: nothing more may be done. */
export class StopError extends Error {}

/**
 * Runs steps in their order. A failed one stops none but those that need it: they wait for a later run.
 * @throws StopError at once
 */
export async function runSteps(steps: readonly Step[], journal: Journal): Promise<readonly Ended[]> {
  const ended: Ended[] = [];
  for (const step of steps) {
    const missing = step.needs.filter((need) => !ended.some((one) => one.id === need && reached(one)));
    const one = missing.length > 0 ? waiting(step, missing) : await tried(step, journal);
    await journal.ended(one);
    ended.push(one);
  }
  return ended;
}

function reached({ standing }: Ended): boolean {
  return standing === "done" || standing === "partly";
}

function waiting({ id, title }: Step, missing: readonly string[]): Ended {
  const text = `not begun: it waits for ${missing.join(", ")}`;
  return { id, title, text, standing: "waiting", left: [`${title}: ${text}`], milliseconds: 0 };
}

async function tried(step: Step, journal: Journal): Promise<Ended> {
  const { id, title } = step;
  await journal.begun(step);
  const since = performance.now();
  const milliseconds = () => Math.round(performance.now() - since);
  try {
    const result = await step.run();
    const partly = (result.left ?? []).length > 0;
    return { ...result, id, title, standing: partly ? "partly" : "done", milliseconds: milliseconds() };
  } catch (error) {
    if (error instanceof StopError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    return { id, title, text, standing: "failed", left: [`${title}: ${text}`], milliseconds: milliseconds() };
  }
}

/** Exit codes: 0 all is done, 2 some is not, 1 nothing was done. */
export const PARTLY = 2;

export function exitCodeFor(ended: readonly Ended[]): number {
  if (ended.every(({ standing }) => standing === "done")) return 0;
  return ended.some(reached) ? PARTLY : 1;
}
