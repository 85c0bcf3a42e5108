import { isDeepStrictEqual } from "node:util";
import { OvertakenError, RotationError } from "./errors.ts";
import { type MetadataPatch, reportOf } from "./report.ts";
import { newState, type RotationState, rotationState } from "./state.ts";
import {
  CheckAndSetError,
  type KvSecret,
  type RotationVault,
  refuseVanishing,
  type Slot,
  type Written,
} from "./vault.ts";

/**
 * The state slot as this run has it. Every write names the version that this run wrote before it: a run that was
 * overtaken loses its next write, and with it every right to go on.
 */
export class Lineage {
  readonly #vault: RotationVault;
  readonly #secret: KvSecret;
  #version: number;
  #state: RotationState;
  #claimedAt: string | undefined;

  private constructor(vault: RotationVault, secret: KvSecret, slot: Slot) {
    this.#vault = vault;
    this.#secret = secret;
    this.#version = slot.version;
    this.#state = stateIn(slot, secret) ?? newState;
  }

  static async open(vault: RotationVault, secret: KvSecret): Promise<Lineage> {
    return new Lineage(vault, secret, await vault.read(secret));
  }

  get state(): RotationState {
    return this.#state;
  }

  /** When this run claimed the rotation, by Vault's clock: what counts as now. */
  get now(): string {
    if (this.#claimedAt === undefined) throw new Error("the rotation is not claimed yet");
    return this.#claimedAt;
  }

  /** Makes this run the one that may go on. */
  async claim(run: string, job: string | undefined): Promise<void> {
    const { phase } = this.#state;
    const resumed = phase === "idle" || job === undefined ? {} : { job };
    this.#claimedAt = await this.write({ ...this.#state, ...resumed, run });
  }

  /**
   * Writes the next state; gives the time of that, by Vault's clock.
   * @throws OvertakenError when another run has claimed the rotation
   */
  async write(next: RotationState): Promise<string> {
    try {
      return this.#advance(next, await this.#vault.write(this.#secret, this.#version, next));
    } catch (error) {
      if (!(error instanceof CheckAndSetError)) throw error;
      const slot = await this.#vault.read(this.#secret);
      const ours = slot.version === this.#version + 1 && isDeepStrictEqual(slot.data, plain(next));
      // The answer to this very write was lost, and it was sent again.
      if (ours) return this.#advance(next, { ...slot, createdTime: slot.createdTime ?? "" });
      const there = stateIn(slot, this.#secret);
      // Not what was read: a run that comes to claim may have read the state of the run that has gone on since.
      if (there !== undefined && there.run !== next.run) throw new OvertakenError(there.run);
      throw changedByHand(this.#secret, slot);
    }
  }

  /**
   * Tells people of the state as it is, and how the run ended, where they may read it.
   * @throws Error when Vault refuses or gives no answer
   */
  async report(outcome: MetadataPatch): Promise<void> {
    if (this.#version === 0) return;
    await this.#vault.describe(this.#secret, { ...reportOf(this.#state, this.#version), ...outcome });
  }

  /** Whether the newest state, whoever wrote it, names a key. */
  async names(id: string): Promise<boolean> {
    const slot = await this.#vault.read(this.#secret);
    return JSON.stringify(slot.data ?? {}).includes(JSON.stringify(id));
  }

  #advance(state: RotationState, written: Written): string {
    this.#state = state;
    this.#version = written.version;
    refuseVanishing("state", this.#secret, written);
    return written.createdTime;
  }
}

/** @throws RotationError for a document that no version of this program wrote */
function stateIn({ data }: Slot, secret: KvSecret): RotationState | undefined {
  if (data === undefined) return undefined;
  const parsed = rotationState.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = [...(issue?.path ?? [])].join(".") || "the document";
  throw new RotationError("conflict", {
    field: `state slot ${secret.mount}/${secret.path}, ${place}`,
    // zod's messages name types and keys, and no value
    found: issue?.message ?? "another form",
    allowed: "what the rotator wrote",
    fix: restoreFix(secret),
  });
}

function changedByHand(secret: KvSecret, { gone, version }: Slot): RotationError {
  return new RotationError("conflict", {
    field: `state slot ${secret.mount}/${secret.path}`,
    found: gone === undefined ? `version ${version}, which no run wrote` : `no document (${gone})`,
    allowed: "the version that this run wrote",
    fix: `leave the slot alone while a rotation runs; run again: it goes on from what it finds`,
  });
}

function restoreFix({ mount, path }: KvSecret): string {
  return (
    `restore an older version (vault kv rollback -mount=${mount} -version=<n> ${path}), or begin anew ` +
    `(vault kv delete -mount=${mount} ${path}): then no key found at the provider is revoked before the next promotion's overlap is over`
  );
}

/** As JSON gives it back. */
function plain(state: RotationState): unknown {
  return JSON.parse(JSON.stringify(state));
}
