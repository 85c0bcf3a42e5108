import type { Log } from "../shared/log.ts";
import type { Consumer, RotationCluster } from "./kubernetes.ts";
import type { RotationSpec } from "./spec.ts";

const WARNINGS = new Set(["RotationFailed", "RotationRefused", "RotationLeft", "RotationWaiting"]);

export type Reason =
  | "RotationStaged"
  | "RotationTested"
  | "RotationPromoted"
  | "RotationSynced"
  | "RotationRestarted"
  | "RotationRevoked"
  | "RotationSwept"
  | "RotationLeft"
  | "RotationRefused"
  | "RotationWaiting"
  | "RotationFailed";

/**
 * Tells each step twice: as a line of the job's output, and as an event about every ExternalSecret that reads the key. A
 * step that is told again, by a run after a killed one, gives no second event. No rotation fails for want of an event.
 */
export class Narrator {
  readonly #spec: RotationSpec;
  readonly #cluster: RotationCluster;
  readonly #log: Log;
  readonly #uids = new Map<Consumer, string | undefined>();
  /** Vault's time of the claim; this machine's until there is one, for an event's date and nothing else. */
  now = new Date();

  constructor(spec: RotationSpec, cluster: RotationCluster, log: Log) {
    this.#spec = spec;
    this.#cluster = cluster;
    this.#log = log;
  }

  async tell(reason: Reason, note: string): Promise<void> {
    this.#log.step(reason, { note });
    const type = WARNINGS.has(reason) ? "Warning" : "Normal";
    const clean = this.#log.secrets.redact(`${this.#spec.key}: ${note}`);
    for (const consumer of this.#spec.consumers) {
      try {
        const uid = await this.#uidOf(consumer);
        if (uid === undefined) continue;
        await this.#cluster.event(consumer, uid, `${this.#spec.environment}.${this.#spec.key}`, {
          ...{ type, reason, note: clean, time: this.now },
        });
      } catch (error) {
        this.#log.step("event-failed", {
          reason,
          why: error instanceof Error ? error.message : String(error),
        });
      }
    }
  }

  async #uidOf(consumer: Consumer): Promise<string | undefined> {
    if (!this.#uids.has(consumer)) {
      this.#uids.set(consumer, (await this.#cluster.syncStatus(consumer))?.uid);
    }
    return this.#uids.get(consumer);
  }
}
