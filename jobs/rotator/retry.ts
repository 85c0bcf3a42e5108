import { setTimeout } from "node:timers/promises";

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;

/**
 * Tries until `attempt` gives something, with growing pauses, for `seconds` at most; then what `last` makes of it. `attempt`
 * may ask for the length of the next pause.
 */
export async function retrying<T>(
  seconds: number,
  attempt: () => Promise<
    { readonly done: T } | { readonly pauseMs?: number | undefined; readonly last: () => T }
  >,
): Promise<T> {
  const deadline = performance.now() + seconds * 1_000;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const result = await attempt();
    if ("done" in result) return result.done;
    const wait = result.pauseMs ?? pauseMs;
    if (performance.now() + wait > deadline) return result.last();
    await setTimeout(wait);
  }
}
