import { appended, type Entry, type Evidence, lastDigest } from "./evidence.ts";
import { writeEvidence } from "./evidence-file.ts";
import { type Incident, replaced } from "./memory.ts";
import type { MemoryStore } from "./memory-store.ts";
import type { Recorder } from "./recorder.ts";
import { type Ended, type Journal, type Step, StopError } from "./runner.ts";

/**
 * The record of one run: the evidence file before and after each step, and Vault's memory after each, which also says
 * whether the incident is still this run's.
 */
export class RunJournal implements Journal {
  readonly #store: MemoryStore;
  readonly #recorder: Recorder;
  readonly #file: string;
  #evidence: Evidence;
  #incident: Incident;
  #unrecorded: string | undefined;

  constructor(parts: {
    readonly store: MemoryStore;
    readonly recorder: Recorder;
    readonly file: string;
    readonly evidence: Evidence;
    readonly incident: Incident;
  }) {
    this.#store = parts.store;
    this.#recorder = parts.recorder;
    this.#file = parts.file;
    this.#evidence = parts.evidence;
    this.#incident = parts.incident;
  }

  /** As this run has written it. */
  get incident(): Incident {
    return this.#incident;
  }

  /** Why Vault's memory does not have all that was done. */
  get unrecorded(): string | undefined {
    return this.#unrecorded;
  }

  async begun({ id }: Pick<Step, "id">): Promise<void> {
    await this.#append({ step: id, event: "begun" });
  }

  async ended({ id, standing, text, left, before, after, milliseconds }: Ended): Promise<void> {
    await this.#append({
      ...{ step: id, event: "ended", standing, text, milliseconds },
      ...(left === undefined ? {} : { left: [...left] }),
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    });
    await this.#remember({ steps: { ...this.#incident.steps, [id]: standing } });
  }

  /**
   * Writes to Vault's memory what is about to be done, so that it can be undone whatever happens to this run.
   * @throws StopError when another run has taken over; whatever Vault answers otherwise
   */
  async intend(fields: Partial<Incident>): Promise<void> {
    await this.#write(fields);
  }

  /** Says that this run does nothing more. */
  async finish(fields: Partial<Incident> = {}): Promise<void> {
    await this.#remember({ ...fields, ended: true });
  }

  async #append(fields: Pick<Entry, "step" | "event"> & Partial<Entry>): Promise<void> {
    const requests = this.#recorder.taken();
    this.#evidence = appended(this.#evidence, {
      at: new Date().toISOString(),
      ...fields,
      ...(requests.length === 0 ? {} : { requests: [...requests] }),
    });
    await writeEvidence(this.#file, this.#evidence).catch((error: Error) => {
      throw new StopError(
        `${this.#file} cannot be written (${error.message}): nothing more is done without a record. Run the same command again ` +
          "in a folder that can be written to.",
      );
    });
  }

  /** A memory that cannot be written stops no step: the evidence file has what was done. */
  async #remember(fields: Partial<Incident>): Promise<void> {
    try {
      await this.#write(fields);
      this.#unrecorded = undefined;
    } catch (error) {
      if (error instanceof StopError) throw error;
      this.#unrecorded = error instanceof Error ? error.message : String(error);
    }
  }

  async #write(fields: Partial<Incident>): Promise<void> {
    const next: Incident = {
      ...this.#incident,
      ...fields,
      ...{ seenAt: new Date().toISOString(), evidence: lastDigest(this.#evidence) },
    };
    await this.#store.change((memory) => {
      const there = memory.incidents.find(({ id }) => id === next.id);
      if (there?.run !== next.run) {
        throw new StopError(
          `Incident ${next.id} was taken over by another run${there === undefined ? "" : `, which last wrote at ${there.seenAt}`}: ` +
            "this one does nothing more. The command list shows how it stands.",
        );
      }
      return { memory: replaced(memory, next), made: undefined };
    });
    this.#incident = next;
  }
}
