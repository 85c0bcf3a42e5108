import { describe, expect, test } from "vitest";
import type { ContainerState, Pod, PodStatus } from "../../../sandbox/node-agent/api/types.ts";
import { restartDelaySeconds, shouldRestart } from "../../../sandbox/node-agent/status/backoff.ts";
import { type ContainerSnapshot, podStatus } from "../../../sandbox/node-agent/status/pod-status.ts";
import { nextProbeState } from "../../../sandbox/node-agent/status/probe-state.ts";
import { initialSnapshot } from "../../../sandbox/node-agent/status/resume.ts";
import { exitCode, terminationMessage } from "../../../sandbox/node-agent/status/termination.ts";

const start = "2026-01-01T00:00:00Z";
const now = "2026-01-01T00:01:00Z";

const running: ContainerState = { running: { startedAt: start } };
const waiting: ContainerState = { waiting: { reason: "ContainerCreating" } };
const exited = (code: number): ContainerState => ({ terminated: { exitCode: code } });
const snapshot = (state: ContainerState, more: Partial<ContainerSnapshot> = {}): ContainerSnapshot => ({
  state,
  restartCount: 0,
  started: true,
  passed: true,
  ...more,
});

function pod(
  restartPolicy: string,
  options: { readonly init?: boolean; readonly status?: PodStatus } = {},
): Pod {
  const containers = [
    { name: "a", image: "node" },
    { name: "b", image: "node" },
  ];
  const initContainers = options.init ? [{ name: "i", image: "node" }] : [];
  return {
    metadata: { name: "p", generation: 4 },
    spec: { restartPolicy, containers, initContainers },
    ...(options.status === undefined ? {} : { status: options.status }),
  };
}

function statusOf(
  of: Pod,
  containers: Readonly<Record<string, ContainerSnapshot>>,
  more: { readonly ended?: boolean; readonly failure?: { reason: string; message: string } } = {},
): PodStatus {
  return podStatus(
    of,
    { containers: new Map(Object.entries(containers)), startTime: start, ended: false, ...more },
    now,
  );
}

const isReady = (status: PodStatus) =>
  status.conditions?.find(({ type }) => type === "Ready")?.status === "True";

describe("the phase", () => {
  test.each<[string, ContainerState, ContainerState, string]>([
    ["Always", waiting, running, "Pending"],
    ["Always", running, running, "Running"],
    ["Always", exited(1), exited(0), "Running"],
    ["OnFailure", exited(0), exited(0), "Succeeded"],
    ["OnFailure", exited(1), exited(0), "Running"],
    ["Never", exited(0), running, "Running"],
    ["Never", exited(0), exited(0), "Succeeded"],
    ["Never", exited(0), exited(3), "Failed"],
  ])("with restartPolicy %s, %j and %j it is %4$s", (policy, a, b, phase) => {
    expect(statusOf(pod(policy), { a: snapshot(a), b: snapshot(b) }).phase).toBe(phase);
  });

  test("a container that waits to be started again does not make the pod Pending", () => {
    const crashed = snapshot({ waiting: { reason: "CrashLoopBackOff" } }, { lastState: exited(1) });
    const status = statusOf(pod("Always"), { a: snapshot(running), b: crashed });
    expect(status.phase).toBe("Running");
    expect(isReady(status)).toBe(false);
  });

  test("an init container holds the pod Pending; its failure fails a pod that is never restarted", () => {
    expect(statusOf(pod("Always", { init: true }), { i: snapshot(running) }).phase).toBe("Pending");
    expect(statusOf(pod("Always", { init: true }), { i: snapshot(exited(1)) }).phase).toBe("Pending");
    expect(statusOf(pod("Never", { init: true }), { i: snapshot(exited(1)) }).phase).toBe("Failed");
    const done = { i: snapshot(exited(0)), a: snapshot(running), b: snapshot(running) };
    expect(statusOf(pod("Never", { init: true }), done).phase).toBe("Running");
  });

  test("a deleted pod ends Succeeded only if all its containers did; a deadline fails it", () => {
    const done = { a: snapshot(exited(0)), b: snapshot(exited(0)) };
    expect(statusOf(pod("Always"), done, { ended: true }).phase).toBe("Succeeded");
    expect(statusOf(pod("Always"), { ...done, b: snapshot(exited(143)) }, { ended: true }).phase).toBe(
      "Failed",
    );
    expect(statusOf(pod("Always"), { a: snapshot(exited(0)) }, { ended: true }).phase).toBe("Failed");
    const failure = { reason: "DeadlineExceeded", message: "late" };
    expect(statusOf(pod("Never"), done, { failure })).toMatchObject({ phase: "Failed", ...failure });
  });
});

describe("readiness", () => {
  test("a pod is Ready when all its containers have started and passed", () => {
    const good = snapshot(running);
    expect(isReady(statusOf(pod("Always"), { a: good, b: good }))).toBe(true);
    expect(isReady(statusOf(pod("Always"), { a: good, b: snapshot(running, { passed: false }) }))).toBe(
      false,
    );
    expect(isReady(statusOf(pod("Always"), { a: good, b: snapshot(running, { started: false }) }))).toBe(
      false,
    );
    const unready = statusOf(pod("Always"), { a: good, b: snapshot(running, { passed: false }) });
    expect(unready.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
      reason: "ContainersNotReady",
      message: "containers with unready status: [b]",
    });
  });

  test("a condition keeps its transition time while its status stays", () => {
    const conditions = [
      { type: "Ready", status: "True", lastTransitionTime: start },
      { type: "Initialized", status: "False", lastTransitionTime: start },
    ];
    const good = snapshot(running);
    const status = statusOf(pod("Always", { status: { conditions } }), { a: good, b: good });
    const time = (type: string) => status.conditions?.find((one) => one.type === type)?.lastTransitionTime;
    expect([time("Ready"), time("Initialized")]).toEqual([start, now]);
  });

  test("the status has what controllers read", () => {
    const b = snapshot(running, { id: "process://7", restartCount: 2, lastState: exited(1) });
    const status = statusOf(pod("Always"), { a: snapshot(waiting), b });
    expect(status).toMatchObject({ podIP: "127.0.0.1", startTime: start, observedGeneration: 4 });
    expect(status.containerStatuses?.[1]).toEqual({
      name: "b",
      image: "node",
      imageID: "node",
      containerID: "process://7",
      state: running,
      lastState: exited(1),
      restartCount: 2,
      ready: true,
      started: true,
    });
  });
});

describe("a container of an earlier agent", () => {
  const statusBefore = (state: ContainerState): PodStatus => ({
    containerStatuses: [{ name: "a", image: "", imageID: "", ready: true, restartCount: 1, state }],
  });

  test("that was running is started anew and counts as restarted", () => {
    const { restartCount, lastState, state } = initialSnapshot(statusBefore(running), "a", now);
    expect(restartCount).toBe(2);
    expect(lastState?.terminated).toMatchObject({ exitCode: 137, startedAt: start, finishedAt: now });
    expect(state).toEqual(waiting);
  });

  test("that had not run yet, or is new, starts as new", () => {
    expect(initialSnapshot(statusBefore(waiting), "a", now)).toMatchObject({
      restartCount: 1,
      state: waiting,
    });
    expect(initialSnapshot(undefined, "a", now)).toMatchObject({ restartCount: 0 });
  });
});

describe("restarts", () => {
  test("pauses double from 1 s to 5 min and begin again after 10 min of running", () => {
    const pauses: number[] = [];
    for (let n = 0; n < 11; n += 1) pauses.push(restartDelaySeconds(pauses.at(-1), 0));
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    expect(restartDelaySeconds(300, 599)).toBe(300);
    expect(restartDelaySeconds(300, 600)).toBe(1);
  });

  test.each([
    ["Always", 0, false, true],
    ["Always", 0, true, false],
    ["Always", 1, true, true],
    ["OnFailure", 0, false, false],
    ["OnFailure", 1, false, true],
    ["Never", 1, false, false],
    ["Never", 0, false, false],
  ] as const)("restartPolicy %s, exit code %d, init %s: %s", (policy, code, isInit, restarts) => {
    expect(shouldRestart(policy, code, isInit)).toBe(restarts);
  });
});

describe("probes", () => {
  const verdicts = (healthy: boolean | undefined, results: readonly boolean[], probe: object) => {
    let state: ReturnType<typeof nextProbeState> = { healthy, streak: 0 };
    return results.map((result) => {
      state = nextProbeState(state, result, probe);
      return state.healthy;
    });
  };

  test("the verdict changes after as many results in a row as the thresholds say", () => {
    expect(verdicts(true, [false, false, true, false, false, false], {})).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(verdicts(false, [true], {})).toEqual([true]);
    expect(verdicts(false, [true, false, true, true], { successThreshold: 2 })).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  test("a startup probe has no verdict until one of its thresholds is reached", () => {
    expect(verdicts(undefined, [false, true], { failureThreshold: 2 })).toEqual([undefined, true]);
    expect(verdicts(undefined, [false, false], { failureThreshold: 2 })).toEqual([undefined, false]);
  });
});

describe("ends", () => {
  test("a signal is 128 and its number", () => {
    expect([exitCode(3, undefined), exitCode(null, 9)]).toEqual([3, 137]);
  });

  test("the message is what the container wrote, else its last log lines after an error if the policy says so", () => {
    const log = Array.from({ length: 100 }, (_, line) => `line ${line}`).join("\n");
    expect(terminationMessage("FallbackToLogsOnError", 1, "written", log)).toBe("written");
    expect(terminationMessage("FallbackToLogsOnError", 1, "", log)?.split("\n")).toHaveLength(80);
    expect(terminationMessage("FallbackToLogsOnError", 0, "", log)).toBeUndefined();
    expect(terminationMessage("File", 1, "", log)).toBeUndefined();
    expect(terminationMessage("FallbackToLogsOnError", 1, "", "x".repeat(5000))).toHaveLength(2048);
  });
});
