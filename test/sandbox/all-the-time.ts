import { setTimeout } from "node:timers/promises";

/**
 * Does something over and over, with a pause between, as a consumer that never rests.
 * @returns what ends it, after once more
 */
export function allTheTime(attempt: () => Promise<void>, pauseMs: number): () => Promise<void> {
  let going = true;
  const work = (async () => {
    while (going) {
      await attempt();
      await setTimeout(pauseMs);
    }
    await attempt();
  })();
  return async () => {
    going = false;
    await work;
  };
}
