/**
 * Pauses before a crashed container is started again: 1 s, doubling up to 5 min; back to 1 s after a run of 10 min.
 * kubelet starts at 10 s and has the same limits (its MaxContainerBackOff, and a reset after twice that); the
 * sandbox starts at 1 s so that tests of a crash need not wait.
 */
const FIRST_SECONDS = 1;
const LONGEST_SECONDS = 300;
const RESET_AFTER_SECONDS = 600;

/** The pause in seconds before the next start, from the previous pause (if any) and how long the last run took. */
export function restartDelaySeconds(previousSeconds: number | undefined, ranSeconds: number): number {
  if (previousSeconds === undefined || ranSeconds >= RESET_AFTER_SECONDS) return FIRST_SECONDS;
  return Math.min(previousSeconds * 2, LONGEST_SECONDS);
}

export type RestartPolicy = "Always" | "OnFailure" | "Never";

/** Whether a container that ended is started again. An init container that succeeded never is. */
export function shouldRestart(policy: RestartPolicy, exitCode: number, isInit: boolean): boolean {
  if (exitCode === 0) return policy === "Always" && !isInit;
  return policy !== "Never";
}
