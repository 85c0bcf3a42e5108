import { setTimeout as delay } from "node:timers/promises";
import { ApiError, type KubeClient } from "../api/client.ts";
import { type Pod, type PodStatus, podKey } from "../api/types.ts";

const RETRY_MS = 1000;

/**
 * Writes a pod's status back, one request at a time: what changes while one is under way goes out with the next.
 * `compute` gets the status that was written last.
 */
export class StatusWriter {
  readonly #client: KubeClient;
  readonly #pod: Pod;
  readonly #compute: (last: PodStatus | undefined) => PodStatus;
  readonly #log: (line: string) => void;
  #last: PodStatus | undefined;
  #dirty = false;
  #closed = false;
  #writing: Promise<void> | undefined;

  constructor(
    client: KubeClient,
    pod: Pod,
    compute: (last: PodStatus | undefined) => PodStatus,
    log: (line: string) => void,
  ) {
    this.#client = client;
    this.#pod = pod;
    this.#compute = compute;
    this.#log = log;
    this.#last = pod.status;
  }

  /** Says that the status may have changed. */
  changed(): void {
    if (this.#closed) return;
    this.#dirty = true;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when everything that changed so far is written, or the pod is gone. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  /** Ends all writing; what is not written yet stays unwritten. */
  close(): void {
    this.#closed = true;
  }

  async #write(): Promise<void> {
    while (this.#dirty && !this.#closed) {
      this.#dirty = false;
      const status = this.#compute(this.#last);
      if (JSON.stringify(status) === JSON.stringify(this.#last)) continue;
      try {
        await this.#patch(status);
        this.#last = status;
      } catch (error) {
        if (error instanceof ApiError && (error.status === 404 || error.status === 409)) return this.close();
        this.#log(`status: ${error instanceof Error ? error.message : String(error)}; trying again`);
        this.#dirty = true;
        await delay(RETRY_MS);
      }
    }
  }

  async #patch(status: PodStatus): Promise<void> {
    const { namespace, name, uid } = podKey(this.#pod);
    // Conditions are merged by type, and fields by name: what no longer holds has to be taken out with null.
    const conditions = status.conditions?.map((one) => ({ reason: null, message: null, ...one }));
    // The uid makes the server refuse a later pod of the same name.
    const body = { metadata: { uid }, status: { ...status, conditions } };
    await this.#client.send("PATCH", `/api/v1/namespaces/${namespace}/pods/${name}/status`, body);
  }
}
