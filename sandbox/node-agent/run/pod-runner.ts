import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Container, type Pod, type PodKey, type PodStatus, podKey } from "../api/types.ts";
import { findImage } from "../plan/image.ts";
import { listeningPorts, PORT_ANNOTATION, type PortMap } from "../plan/ports.ts";
import { listenWords } from "../plan/process-plan.ts";
import { type ContainerSnapshot, podStatus } from "../status/pod-status.ts";
import { initialSnapshot } from "../status/resume.ts";
import { ContainerRunner } from "./container-runner.ts";
import type { NodeContext } from "./node-context.ts";
import { PodVolumes } from "./pod-volumes.ts";
import { StatusWriter } from "./status-writer.ts";

/** How often ConfigMaps, Secrets and tokens of a running pod are looked at again (kubelet: about a minute). */
const VOLUME_SYNC_MS = 5000;
const VOLUME_RETRY_MS = 2000;
/** Longest wait for the last status when the agent ends: the API server may have ended before. */
const LAST_WRITE_MS = 2000;

/** Runs one pod from its start to its end. */
export class PodRunner {
  readonly #node: NodeContext;
  readonly #key: PodKey;
  readonly #dir: string;
  readonly #volumes: PodVolumes;
  readonly #status: StatusWriter;
  readonly #stop = new AbortController();
  readonly #finished = new AbortController();
  readonly #startTime = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  readonly #resumed: PodStatus | undefined;
  readonly #done: Promise<void>;
  #pod: Pod;
  #runners: readonly ContainerRunner[] = [];
  #graceSeconds = 0;
  #failure: { readonly reason: string; readonly message: string } | undefined;
  #ended = false;
  /** What the status says from now on, whatever becomes of the containers. */
  #frozen: ReadonlyMap<string, ContainerSnapshot> | undefined;

  constructor(node: NodeContext, pod: Pod) {
    this.#key = podKey(pod);
    const name = `${this.#key.namespace}/${this.#key.name}`;
    this.#node = { ...node, log: (line) => node.log(`${name}: ${line}`) };
    this.#pod = pod;
    this.#resumed = pod.status;
    this.#dir = join(node.podsDir, this.#key.uid);
    this.#volumes = new PodVolumes(node.client, this.#dir);
    this.#status = new StatusWriter(node.client, pod, (last) => this.#computeStatus(last), this.#node.log);
    this.#done = this.#run().catch((error: Error) => this.#node.log(`stopped by an error: ${error.message}`));
  }

  /** Takes over the pod as it is now. What runs goes on: containers of a pod cannot be changed. */
  update(pod: Pod): void {
    this.#pod = pod;
  }

  /** Ends the pod's processes because it is deleted, and writes its last status. */
  async end(graceSeconds: number): Promise<void> {
    await this.#endProcesses(graceSeconds);
    this.#ended = true;
    this.#status.changed();
    await this.#status.flush();
  }

  /**
   * Ends the pod's processes because the agent ends. The pod stays, and is written as running but not ready: a later
   * agent runs it again.
   */
  async suspend(graceSeconds: number): Promise<void> {
    this.#frozen = new Map([...this.#snapshots()].map(([name, one]) => [name, { ...one, passed: false }]));
    this.#status.changed();
    await this.#endProcesses(graceSeconds);
    await Promise.race([this.#status.flush(), delay(LAST_WRITE_MS)]);
    this.#status.close();
  }

  /** Ends the pod's processes and writes nothing: the pod is gone from the API. */
  async abandon(): Promise<void> {
    this.#status.close();
    await this.#endProcesses(0);
  }

  async #endProcesses(graceSeconds: number): Promise<void> {
    this.#graceSeconds = graceSeconds;
    this.#stop.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    for (const dir of ["home", "tmp"]) mkdirSync(join(this.#dir, dir), { recursive: true, mode: 0o700 });
    const deadline = this.#startDeadline();
    try {
      const ports = await this.#assignPorts();
      this.#runners = this.#makeRunners(ports);
      this.#status.changed();
      await this.#mountVolumes();
      void this.#refreshVolumes();
      await this.#runContainers();
    } finally {
      this.#finished.abort();
      // A pod that came to its own end needs its Secrets and tokens no more; one that is stopped may be run again.
      if (!this.#stop.signal.aborted) rmSync(join(this.#dir, "volumes"), { recursive: true, force: true });
      clearTimeout(deadline);
      await this.#node.ports.release(this.#key.uid);
    }
  }

  async #runContainers(): Promise<void> {
    const inits = this.#pod.spec?.initContainers?.length ?? 0;
    for (const runner of this.#runners.slice(0, inits)) {
      if (!(await runner.run())) return;
    }
    await Promise.all(this.#runners.slice(inits).map((runner) => runner.run()));
  }

  #makeRunners(ports: PortMap): readonly ContainerRunner[] {
    const context = {
      node: this.#node,
      pod: () => this.#pod,
      podDir: this.#dir,
      volumes: this.#volumes,
      ports,
      stop: this.#stop.signal,
      graceSeconds: () => this.#graceSeconds,
      onChange: () => this.#status.changed(),
    };
    const make = (container: Container, isInit: boolean): ContainerRunner =>
      new ContainerRunner(
        context,
        container,
        isInit,
        initialSnapshot(this.#resumed, container.name, this.#startTime),
      );
    const { initContainers = [], containers = [] } = this.#pod.spec ?? {};
    return [...initContainers.map((one) => make(one, true)), ...containers.map((one) => make(one, false))];
  }

  async #assignPorts(): Promise<PortMap> {
    const { initContainers = [], containers = [] } = this.#pod.spec ?? {};
    const all = [...initContainers, ...containers];
    const words = all.flatMap((one) => listenWords(one, findImage(this.#node.images, one.image ?? "")));
    const ports = await this.#node.ports.assign(this.#key.uid, listeningPorts(all, words));
    if (ports.size === 0) return ports;
    const annotations = Object.fromEntries(
      [...ports].map(([wanted, real]) => [`${PORT_ANNOTATION}${wanted}`, String(real)]),
    );
    const { namespace, name, uid } = this.#key;
    const body = { metadata: { uid, annotations } };
    await this.#node.client
      .send("PATCH", `/api/v1/namespaces/${namespace}/pods/${name}`, body)
      .catch((error: Error) => this.#node.log(`ports are not annotated: ${error.message}`));
    return ports;
  }

  async #mountVolumes(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        return await this.#volumes.sync(this.#pod);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        this.#node.event(this.#pod, "Warning", "FailedMount", `MountVolume.SetUp failed: ${message}`);
        await pause(VOLUME_RETRY_MS, this.#stop.signal);
      }
    }
  }

  async #refreshVolumes(): Promise<void> {
    const signal = AbortSignal.any([this.#finished.signal, this.#stop.signal]);
    for (;;) {
      await pause(VOLUME_SYNC_MS, signal);
      if (signal.aborted) return;
      // An object that went away leaves the volume as it is, as with kubelet.
      await this.#volumes
        .sync(this.#pod)
        .catch((error: Error) => this.#node.log(`volumes: ${error.message}`));
    }
  }

  #startDeadline(): NodeJS.Timeout | undefined {
    const seconds = this.#pod.spec?.activeDeadlineSeconds;
    if (seconds === undefined) return undefined;
    const begun = Date.parse(this.#resumed?.startTime ?? this.#startTime);
    const expire = (): void => {
      const message = "Pod was active on the node longer than the specified deadline";
      this.#failure = { reason: "DeadlineExceeded", message };
      void this.end(this.#pod.spec?.terminationGracePeriodSeconds ?? 30);
    };
    return setTimeout(expire, Math.max(0, begun + seconds * 1000 - Date.now()));
  }

  #snapshots(): ReadonlyMap<string, ContainerSnapshot> {
    return new Map(this.#runners.map((one) => [one.container.name, one.snapshot]));
  }

  #computeStatus(last: PodStatus | undefined): PodStatus {
    const pod = { ...this.#pod, ...(last === undefined ? {} : { status: last }) };
    const snapshot = {
      containers: this.#frozen ?? this.#snapshots(),
      startTime: this.#startTime,
      ended: this.#ended,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    };
    return podStatus(pod, snapshot, new Date().toISOString().replace(/\.\d+Z$/, "Z"));
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => undefined);
}
