import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ApiError, KubeClient } from "./api/client.ts";
import { eventRecorder, type RecordEvent } from "./api/events.ts";
import { follow } from "./api/follow.ts";
import type { KubeConnection } from "./api/kubeconfig.ts";
import { type Pod, podKey } from "./api/types.ts";
import { NODE_NAME } from "./plan/env.ts";
import type { ImageMap } from "./plan/image.ts";
import type { NodeContext } from "./run/node-context.ts";
import { keepNodeAlive, registerNode } from "./run/node-object.ts";
import { PodRunner } from "./run/pod-runner.ts";
import { PortPool } from "./run/port-pool.ts";
import { claimState, endLeftovers, ProcessRecords } from "./run/records.ts";

export type AgentOptions = {
  readonly connection: KubeConnection;
  readonly stateDir: string;
  readonly images: ImageMap;
  /** The PATH that processes get. */
  readonly path: string;
  readonly log: (line: string) => void;
};

/** Longest wait for pods when the agent itself is asked to end: whoever asks waits about 30 s. */
const MAX_SHUTDOWN_GRACE_SECONDS = 20;
const DEFAULT_GRACE_SECONDS = 30;
const RETRY_MS = 1000;

/**
 * Stands in for scheduler and kubelet of a one-node cluster: binds pods, runs their containers as local processes,
 * and writes their status back. Node selectors, affinity, taints, resources and security contexts are accepted and
 * have no effect; there is no pod network, so Services lead nowhere and every pod is on 127.0.0.1.
 */
export class NodeAgent {
  readonly #context: NodeContext;
  readonly #stateDir: string;
  readonly #event: RecordEvent;
  readonly #runners = new Map<string, PodRunner>();
  /** Pods that are being deleted or bound, by uid: each is handled once at a time. */
  readonly #busy = new Set<string>();
  /** How a busy pod looks by now; it is looked at again afterwards. */
  readonly #missed = new Map<string, Pod>();
  readonly #stop = new AbortController();

  constructor({ connection, stateDir, images, path, log }: AgentOptions) {
    const client = new KubeClient(connection);
    const dirs = {
      podsDir: join(stateDir, "pods"),
      logsDir: join(stateDir, "logs"),
      binariesDir: join(stateDir, "binaries"),
    };
    for (const dir of Object.values(dirs)) mkdirSync(dir, { recursive: true, mode: 0o700 });
    this.#stateDir = stateDir;
    this.#event = eventRecorder(client, NODE_NAME, log);
    const [ports, records] = [new PortPool(), new ProcessRecords(stateDir)];
    this.#context = { client, images, ...dirs, path, ports, records, event: this.#event, log };
  }

  /** Works until `stop` is called. Throws when another agent uses the state directory. */
  async run(): Promise<void> {
    const { client, log } = this.#context;
    await claimState(this.#stateDir);
    const leftovers = await endLeftovers(this.#stateDir);
    if (leftovers > 0) log(`ended ${leftovers} processes of an earlier agent`);
    await this.#registerNode();
    const handler = {
      onList: (pods: readonly Pod[]) => this.#onList(pods),
      onChange: (pod: Pod) => this.#onPod(pod),
      onDelete: (pod: Pod) => void this.#forget(podKey(pod).uid),
    };
    await Promise.all([
      follow(client, "/api/v1/pods", handler, this.#stop.signal, log),
      keepNodeAlive(client, this.#stop.signal, log),
    ]);
  }

  /** Ends all processes, each within its pod's grace period (at most 20 s). The pods stay in the API. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(
      [...this.#runners.values()].map((runner) => runner.suspend(MAX_SHUTDOWN_GRACE_SECONDS)),
    );
  }

  async #registerNode(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await registerNode(this.#context.client);
        return;
      } catch (error) {
        this.#context.log(`node: ${error instanceof Error ? error.message : String(error)}; trying again`);
        await delay(RETRY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      }
    }
  }

  #onList(pods: readonly Pod[]): void {
    const present = new Set(pods.map((pod) => podKey(pod).uid));
    for (const uid of this.#runners.keys()) if (!present.has(uid)) void this.#forget(uid);
    for (const uid of readdirSync(this.#context.podsDir)) if (!present.has(uid)) this.#removeDir(uid);
    for (const pod of pods) this.#onPod(pod);
  }

  #onPod(pod: Pod): void {
    const { uid } = podKey(pod);
    const nodeName = pod.spec?.nodeName;
    if (nodeName !== undefined && nodeName !== "" && nodeName !== NODE_NAME) return;
    this.#runners.get(uid)?.update(pod);
    if (this.#stop.signal.aborted) return;
    if (this.#busy.has(uid)) this.#missed.set(uid, pod);
    else if (pod.metadata?.deletionTimestamp !== undefined) void this.#once(uid, () => this.#delete(pod));
    else if (!nodeName) void this.#once(uid, () => this.#bind(pod));
    else if (!this.#runners.has(uid) && !isFinished(pod)) {
      this.#runners.set(uid, new PodRunner(this.#context, pod));
    }
  }

  async #once(uid: string, work: () => Promise<void>): Promise<void> {
    this.#busy.add(uid);
    try {
      await this.#untilDone(work);
    } finally {
      this.#busy.delete(uid);
    }
    const missed = this.#missed.get(uid);
    this.#missed.delete(uid);
    if (missed !== undefined) this.#onPod(missed);
  }

  /** Tries until it works or the pod turns out to be gone or taken (404, 409). */
  async #untilDone(work: () => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof ApiError && (error.status === 404 || error.status === 409)) return;
        this.#context.log(`${error instanceof Error ? error.message : String(error)}; trying again`);
        await delay(RETRY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      }
    }
  }

  async #bind(pod: Pod): Promise<void> {
    if ((pod.spec?.schedulingGates ?? []).length > 0) return;
    const { namespace, name, uid } = podKey(pod);
    await this.#context.client.send("POST", `/api/v1/namespaces/${namespace}/pods/${name}/binding`, {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name, namespace, uid },
      target: { apiVersion: "v1", kind: "Node", name: NODE_NAME },
    });
    this.#event(pod, "Normal", "Scheduled", `Successfully assigned ${namespace}/${name} to ${NODE_NAME}`);
  }

  async #delete(pod: Pod): Promise<void> {
    const { namespace, name, uid } = podKey(pod);
    await this.#runners.get(uid)?.end(pod.metadata?.deletionGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS);
    if (this.#stop.signal.aborted) return;
    await this.#context.client.send("DELETE", `/api/v1/namespaces/${namespace}/pods/${name}`, {
      gracePeriodSeconds: 0,
      preconditions: { uid },
    });
  }

  async #forget(uid: string): Promise<void> {
    const runner = this.#runners.get(uid);
    this.#runners.delete(uid);
    this.#missed.delete(uid);
    await runner?.abandon();
    this.#removeDir(uid);
  }

  #removeDir(uid: string): void {
    rmSync(join(this.#context.podsDir, uid), { recursive: true, force: true });
  }
}

function isFinished(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}
