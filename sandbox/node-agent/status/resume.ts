import type { PodStatus } from "../api/types.ts";
import type { ContainerSnapshot } from "./pod-status.ts";

/** Exit code of a process that was ended by SIGKILL (128 + 9). */
const KILLED = 137;

/**
 * Where a container stands when the agent takes on its pod. One that an earlier agent left running has been ended
 * meanwhile: it starts anew whatever the restart policy, and counts as restarted. One that had ended starts anew too
 * (a finished init container has to be able to run twice, in Kubernetes as well).
 */
export function initialSnapshot(status: PodStatus | undefined, name: string, now: string): ContainerSnapshot {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const before = all.find((one) => one.name === name);
  const waiting = { waiting: { reason: "ContainerCreating" } };
  const fresh = { state: waiting, restartCount: 0, started: false, passed: false };
  const ran = before?.state?.running ?? before?.state?.terminated;
  if (before === undefined || ran === undefined) {
    const lastState = before?.lastState;
    return {
      ...fresh,
      restartCount: before?.restartCount ?? 0,
      ...(lastState === undefined ? {} : { lastState }),
    };
  }
  const message = "The container was ended together with the node agent";
  const ended = before.state?.terminated ?? {
    exitCode: KILLED,
    reason: "ContainerStatusUnknown",
    message,
    finishedAt: now,
    ...(ran.startedAt === undefined ? {} : { startedAt: ran.startedAt }),
  };
  return { ...fresh, restartCount: before.restartCount + 1, lastState: { terminated: ended } };
}
