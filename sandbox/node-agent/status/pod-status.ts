import type { Container, ContainerState, ContainerStatus, Pod, PodStatus } from "../api/types.ts";
import { POD_IP } from "../plan/env.ts";
import type { RestartPolicy } from "./backoff.ts";

/** What the agent knows of one container at a moment. `passed` is the readiness probe's verdict (true without one). */
export type ContainerSnapshot = {
  readonly state: ContainerState;
  readonly lastState?: ContainerState;
  readonly restartCount: number;
  readonly started: boolean;
  readonly passed: boolean;
  readonly id?: string;
};

/** What the agent knows of a pod at a moment. Containers by name; one that has no entry has not begun to start. */
export type PodSnapshot = {
  readonly containers: ReadonlyMap<string, ContainerSnapshot>;
  /** RFC 3339; when the agent accepted the pod. */
  readonly startTime: string;
  /** Set when the pod as a whole failed, e.g. DeadlineExceeded. */
  readonly failure?: { readonly reason: string; readonly message: string };
  /** The pod is being deleted and nothing of it runs any more. */
  readonly ended: boolean;
};

type Condition = NonNullable<PodStatus["conditions"]>[number];
type Phase = "Pending" | "Running" | "Succeeded" | "Failed";

/**
 * The status that kubelet would write: phase, conditions, container statuses. `now` (RFC 3339) becomes the
 * transition time of the conditions that change.
 */
export function podStatus(pod: Pod, snapshot: PodSnapshot, now: string): PodStatus {
  const inits = statuses(pod.spec?.initContainers ?? [], snapshot, "init");
  const mains = statuses(pod.spec?.containers ?? [], snapshot, "main");
  const phase = podPhase((pod.spec?.restartPolicy ?? "Always") as RestartPolicy, inits, mains, snapshot);
  const generation = pod.metadata?.generation;
  return {
    phase,
    conditions: conditions(pod, phase, inits, mains, now),
    containerStatuses: mains,
    ...(inits.length === 0 ? {} : { initContainerStatuses: inits }),
    hostIP: POD_IP,
    hostIPs: [{ ip: POD_IP }],
    podIP: POD_IP,
    podIPs: [{ ip: POD_IP }],
    startTime: pod.status?.startTime ?? snapshot.startTime,
    qosClass: pod.status?.qosClass ?? "BestEffort",
    ...(snapshot.failure ?? {}),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
}

function statuses(
  containers: readonly Container[],
  snapshot: PodSnapshot,
  kind: "init" | "main",
): readonly ContainerStatus[] & ContainerStatus[] {
  return containers.map((container) => {
    const known = snapshot.containers.get(container.name);
    const running = known?.state.running !== undefined;
    const succeeded = known?.state.terminated?.exitCode === 0;
    return {
      name: container.name,
      image: container.image ?? "",
      imageID: known?.id === undefined ? "" : (container.image ?? ""),
      state: known?.state ?? {
        waiting: { reason: kind === "main" ? "PodInitializing" : "ContainerCreating" },
      },
      lastState: known?.lastState ?? {},
      restartCount: known?.restartCount ?? 0,
      ready: kind === "init" ? succeeded : running && known.started && known.passed,
      started: running && known.started,
      ...(known?.id === undefined ? {} : { containerID: known.id }),
    };
  });
}

/** The phase by kubelet's rules (k8s.io/kubernetes/pkg/kubelet getPhase). */
function podPhase(
  policy: RestartPolicy,
  inits: readonly ContainerStatus[],
  mains: readonly ContainerStatus[],
  snapshot: PodSnapshot,
): Phase {
  if (snapshot.failure !== undefined) return "Failed";
  const exits = mains.map(({ state }) => state?.terminated?.exitCode);
  if (snapshot.ended) return exits.every((code) => code === 0) ? "Succeeded" : "Failed";
  const initFailed = inits.some(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);
  if (initFailed && policy === "Never") return "Failed";
  if (inits.some(({ ready }) => !ready)) return "Pending";
  const neverStarted = mains.some(
    ({ state, lastState }) => state?.waiting !== undefined && !lastState?.terminated,
  );
  if (neverStarted) return "Pending";
  const allEnded = exits.every((code) => code !== undefined);
  if (!allEnded || policy === "Always") return "Running";
  if (exits.every((code) => code === 0)) return "Succeeded";
  return policy === "Never" ? "Failed" : "Running";
}

function conditions(
  pod: Pod,
  phase: Phase,
  inits: readonly ContainerStatus[],
  mains: readonly ContainerStatus[],
  now: string,
): Condition[] {
  const done = phase === "Succeeded" || phase === "Failed";
  const completed = phase === "Succeeded" ? "PodCompleted" : "PodFailed";
  const incomplete = inits.filter(({ ready }) => !ready).map(({ name }) => name);
  const unready = mains.filter(({ ready }) => !ready).map(({ name }) => name);
  const initialized = incomplete.length === 0;
  const ready = !done && initialized && unready.length === 0;
  const why = done
    ? { reason: completed }
    : { reason: "ContainersNotReady", message: `containers with unready status: [${unready.join(" ")}]` };
  const uninitialized = {
    reason: "ContainersNotInitialized",
    message: `containers with incomplete status: [${incomplete.join(" ")}]`,
  };
  return [
    condition(pod, "PodScheduled", true, {}, now),
    condition(pod, "Initialized", initialized, initialized ? {} : uninitialized, now),
    condition(pod, "ContainersReady", ready, ready ? {} : why, now),
    condition(pod, "Ready", ready, ready ? {} : why, now),
  ];
}

function condition(
  pod: Pod,
  type: string,
  holds: boolean,
  why: { readonly reason?: string; readonly message?: string },
  now: string,
): Condition {
  const status = holds ? "True" : "False";
  const before = pod.status?.conditions?.find((one) => one.type === type);
  const lastTransitionTime = before?.status === status ? (before.lastTransitionTime ?? now) : now;
  return { type, status, lastTransitionTime, ...why };
}
