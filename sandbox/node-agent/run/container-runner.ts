import { existsSync, readFileSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { type Container, type ContainerState, type Pod, podKey } from "../api/types.ts";
import { ConfigError } from "../plan/env.ts";
import { findImage, type MappedImage, unmappedMessage } from "../plan/image.ts";
import type { PortMap } from "../plan/ports.ts";
import { type ProcessPlan, planProcess } from "../plan/process-plan.ts";
import { MountError } from "../plan/volume-files.ts";
import { type RestartPolicy, restartDelaySeconds, shouldRestart } from "../status/backoff.ts";
import type { ContainerSnapshot } from "../status/pod-status.ts";
import { terminationMessage } from "../status/termination.ts";
import { logPath, openLog, readTail, rotateLog } from "./log-file.ts";
import type { NodeContext } from "./node-context.ts";
import type { PodVolumes } from "./pod-volumes.ts";
import { ProbeSet } from "./probe-set.ts";
import { endProcess, type StartedProcess, startProcess } from "./process.ts";
import { fetchReferences } from "./references.ts";
import { serviceAccountBinary } from "./service-account-binary.ts";

/** What a container takes from its pod. */
export type ContainerContext = {
  readonly node: NodeContext;
  /** The pod as it is now. */
  readonly pod: () => Pod;
  readonly podDir: string;
  readonly volumes: PodVolumes;
  readonly ports: PortMap;
  readonly stop: AbortSignal;
  /** Seconds between SIGTERM and SIGKILL when the pod is stopped. */
  readonly graceSeconds: () => number;
  readonly onChange: () => void;
};

/** Pause before a missing image, ConfigMap or Secret is looked for again. */
const CONFIG_RETRY_MS = 2000;
const LOG_CHECK_MS = 30_000;

/** Runs one container of a pod, again and again as its restart policy says. */
export class ContainerRunner {
  readonly container: Container;
  readonly #context: ContainerContext;
  readonly #isInit: boolean;
  #snapshot: ContainerSnapshot;

  constructor(context: ContainerContext, container: Container, isInit: boolean, initial: ContainerSnapshot) {
    this.#context = context;
    this.container = container;
    this.#isInit = isInit;
    this.#snapshot = initial;
  }

  get snapshot(): ContainerSnapshot {
    return this.#snapshot;
  }

  /** Resolves when the container will not run again; true when its last run succeeded. */
  async run(): Promise<boolean> {
    let pauseSeconds: number | undefined;
    while (!this.#context.stop.aborted) {
      const plan = await this.#plan();
      if (plan === undefined) break;
      const begun = Date.now();
      const exit = await this.#runOnce(plan);
      if (!shouldRestart(this.#policy, exit, this.#isInit) || this.#context.stop.aborted) return exit === 0;
      pauseSeconds = restartDelaySeconds(pauseSeconds, (Date.now() - begun) / 1000);
      await this.#backOff(pauseSeconds);
    }
    return false;
  }

  get #policy(): RestartPolicy {
    return (this.#context.pod().spec?.restartPolicy ?? "Always") as RestartPolicy;
  }

  /** Resolves everything the container needs, waiting for what is missing; undefined when the pod is stopped. */
  async #plan(): Promise<ProcessPlan | undefined> {
    const image = await this.#image();
    while (image !== undefined && !this.#context.stop.aborted) {
      try {
        return await this.#planNow(image);
      } catch (error) {
        const reason = error instanceof MountError ? "FailedMount" : "CreateContainerConfigError";
        const message = error instanceof Error ? error.message : String(error);
        if (!(error instanceof ConfigError || error instanceof MountError)) this.#context.node.log(message);
        this.#wait(reason, message);
        this.#event("Warning", reason === "FailedMount" ? reason : "Failed", `Error: ${message}`);
      }
      await pause(CONFIG_RETRY_MS, this.#context.stop);
    }
    return undefined;
  }

  async #image(): Promise<MappedImage | undefined> {
    const { node, stop } = this.#context;
    const name = this.container.image ?? "";
    const image = findImage(node.images, name);
    if (image !== undefined) return image;
    const message = unmappedMessage(node.images, name);
    this.#wait("ErrImageNeverPull", message);
    this.#event("Warning", "ErrImageNeverPull", message);
    // The map is read once, at the agent's start, so there is nothing to look for again.
    await new Promise<void>((resolve) => {
      if (stop.aborted) resolve();
      else stop.addEventListener("abort", () => resolve(), { once: true });
    });
    return undefined;
  }

  async #planNow(image: MappedImage): Promise<ProcessPlan> {
    const { node, podDir, volumes, ports } = this.#context;
    const pod = this.#context.pod();
    const references = await fetchReferences(node.client, podKey(pod).namespace, this.container);
    const kubeconfig = volumes.writeServiceAccount(pod, this.container);
    const [binary, ...first] = image.command;
    const needed = image.readsServiceAccountDir
      ? await serviceAccountBinary(binary, node.binariesDir)
      : binary;
    return planProcess(pod, this.container, {
      image: { ...image, command: [needed, ...first] },
      references,
      mounts: volumes.mountPaths(pod, this.container),
      ports,
      podDir,
      path: node.path,
      ...(kubeconfig === undefined ? {} : { kubeconfig: { file: kubeconfig, server: node.client.server } }),
    });
  }

  async #runOnce(plan: ProcessPlan): Promise<number> {
    const { node, volumes } = this.#context;
    const key = podKey(this.#context.pod());
    const record = `${key.uid}_${this.container.name}`;
    rmSync(volumes.terminationFile(this.container.name), { force: true });
    const log = logPath(node.logsDir, key, this.container.name);
    const { fd, offset } = openLog(log);
    const startedAt = timestamp();
    let started: StartedProcess;
    try {
      started = await startProcess(plan, fd);
    } catch (error) {
      const message = `cannot start ${plan.argv[0]}: ${error instanceof Error ? error.message : String(error)}`;
      this.#event("Warning", "Failed", `Error: ${message}`);
      this.#end({ exitCode: 128, reason: "StartError", message, startedAt, finishedAt: timestamp() });
      return 128;
    }
    await node.records.add(record, started.pid, plan.argv[0] ?? "");
    this.#event("Normal", "Started", `Started container ${this.container.name}`);
    this.#running(started.pid, startedAt);
    const exitCode = await this.#supervise(plan, started, log);
    node.records.remove(record);
    const reason = exitCode === 0 ? "Completed" : "Error";
    const file = volumes.terminationFile(this.container.name);
    const written = existsSync(file) ? readFileSync(file, "utf8") : "";
    const policy = this.container.terminationMessagePolicy;
    const message = terminationMessage(policy, exitCode, written, readTail(log, offset));
    const finishedAt = timestamp();
    this.#end({ exitCode, reason, startedAt, finishedAt, ...(message === undefined ? {} : { message }) });
    return exitCode;
  }

  /** Waits for the end of a process; ends it when the pod is stopped or a probe says so. */
  async #supervise(plan: ProcessPlan, started: StartedProcess, log: string): Promise<number> {
    const { stop, ports, graceSeconds } = this.#context;
    const probes = new ProbeSet(this.container, ports, plan, {
      started: () => this.#update({ started: true }),
      ready: (passed) => this.#update({ passed }),
      unhealthy: (message) => this.#event("Warning", "Unhealthy", message),
      failed: (message) => {
        this.#event("Normal", "Killing", message);
        void endProcess(started, this.#context.pod().spec?.terminationGracePeriodSeconds ?? 30);
      },
    });
    const onStop = (): void => void endProcess(started, graceSeconds());
    stop.addEventListener("abort", onStop, { once: true });
    if (stop.aborted) onStop();
    const rotation = setInterval(() => rotateLog(log), LOG_CHECK_MS);
    probes.start();
    try {
      return await started.exited;
    } finally {
      probes.stop();
      clearInterval(rotation);
      stop.removeEventListener("abort", onStop);
    }
  }

  async #backOff(seconds: number): Promise<void> {
    const ended = this.#snapshot.state;
    const { name } = this.container;
    const message = `back-off ${seconds}s restarting failed container=${name}`;
    this.#event("Warning", "BackOff", `Back-off restarting failed container ${name}`);
    this.#update({ state: { waiting: { reason: "CrashLoopBackOff", message } }, lastState: ended });
    await pause(seconds * 1000, this.#context.stop);
    // A pod that ends during the pause ends with what its container did last.
    if (this.#context.stop.aborted) this.#update({ state: ended });
    else this.#update({ restartCount: this.#snapshot.restartCount + 1 });
  }

  #running(pid: number, startedAt: string): void {
    const hasReadiness = this.container.readinessProbe !== undefined;
    const hasStartup = this.container.startupProbe !== undefined;
    this.#update({
      state: { running: { startedAt } },
      id: `process://${pid}`,
      started: !hasStartup,
      passed: !hasReadiness,
    });
  }

  #end(terminated: NonNullable<ContainerState["terminated"]>): void {
    const id = this.#snapshot.id;
    const state = { terminated: { ...terminated, ...(id === undefined ? {} : { containerID: id }) } };
    this.#update({ state, started: false, passed: false });
  }

  #wait(reason: string, message: string): void {
    this.#update({ state: { waiting: { reason, message } } });
  }

  #update(change: Partial<ContainerSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    this.#context.onChange();
  }

  #event(type: "Normal" | "Warning", reason: string, message: string): void {
    this.#context.node.event(this.#context.pod(), type, reason, message);
  }
}

function timestamp(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, "Z");
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => undefined);
}
