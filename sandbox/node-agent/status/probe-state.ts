import type { Probe } from "../api/types.ts";

/** A probe's verdict (none yet: undefined), its last result, and how many times in a row it came. */
export type ProbeState = {
  readonly healthy: boolean | undefined;
  readonly last?: boolean;
  readonly streak: number;
};

/**
 * The state after one more result: the verdict is healthy after `successThreshold` (default 1) successes in a row,
 * unhealthy after `failureThreshold` (default 3) failures in a row, as with kubelet.
 */
export function nextProbeState(state: ProbeState, succeeded: boolean, probe: Probe): ProbeState {
  const threshold = succeeded ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
  const streak = succeeded === state.last ? state.streak + 1 : 1;
  return { healthy: streak >= threshold ? succeeded : state.healthy, last: succeeded, streak };
}
