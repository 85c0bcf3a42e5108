import { createHash } from "node:crypto";
import { z } from "zod";

/**
 * The second slot's document: the only memory between runs, and with check-and-set their only lock. Everything that a
 * run is about to do at the provider stands here before it is done.
 */

const nonEmpty = z.string().min(1);
const time = z.iso.datetime({ offset: true });
const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** A key of the provider. What the rotator did not make itself has no id, and it cannot be revoked by it. */
const key = z.strictObject({ name: nonEmpty.optional(), id: nonEmpty.optional(), digest: digest.optional() });

const stagedKey = z.strictObject({ name: nonEmpty, id: nonEmpty.optional(), value: nonEmpty });

const historyEntry = z.strictObject({
  at: time,
  what: z.enum(["promoted", "revoked", "refused", "swept", "left"]),
  name: nonEmpty,
  /** The Kubernetes Job that promoted it. */
  job: nonEmpty.optional(),
});

export const rotationState = z.strictObject({
  format: z.literal(1),
  /** Of the newest key that was meant to be made; never goes back. */
  generation: z.int().min(0),
  /** Who claimed the rotation last. */
  run: nonEmpty,
  /** The Kubernetes Job that the newest rotation belongs to: its retries do not begin another. */
  job: nonEmpty.optional(),
  /**
   * idle: nothing under way. creating: a key named for this generation may exist. staged: it does, and stands in
   * `staged`. promoting: it was accepted by the provider, and `live` is being written. promoted: consumers read it, not
   * all have synced yet.
   */
  phase: z.enum(["idle", "creating", "staged", "promoting", "promoted"]),
  staged: stagedKey.optional(),
  /** What stood in `live` when its promotion began. */
  basis: z.strictObject({ version: z.int().min(0), digest: digest.optional() }).optional(),
  /** The key that was promoted last, and the version of `live` that it came with. */
  current: key.extend({ version: z.int().min(1), promotedAt: time }).optional(),
  /** Keys that consumers may still hold. Without `revokeAfter` until their successor is promoted. */
  previous: z.array(key.extend({ revokeAfter: time.optional() })),
  /** Keys that nobody can hold: to be revoked at any time. */
  doomed: z.array(z.strictObject({ name: nonEmpty, id: nonEmpty })),
  /** The newest last. */
  history: z.array(historyEntry),
});

export type RotationState = z.output<typeof rotationState>;
export type StagedKey = z.output<typeof stagedKey>;

/** The operators' commands write under this name. */
export const OPERATOR_RUN = "operator";

export const newState: RotationState = {
  format: 1,
  generation: 0,
  run: "none",
  phase: "idle",
  previous: [],
  doomed: [],
  history: [],
};

/** Recognizes a value without keeping it. Only the slots that hold values anyway hold digests: nobody else can try guesses. */
export function digestOf(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}

export function keyName(namePrefix: string, generation: number): string {
  return `${namePrefix}-${generation}`;
}

/**
 * The state after an operator put a key that the provider made for them: `rotate` tests and promotes it.
 * @throws if a rotation is under way
 */
export function stagedByOperator(
  state: RotationState | undefined,
  namePrefix: string,
  put: { readonly value: string; readonly id?: string; readonly name?: string },
): RotationState {
  const before = state ?? newState;
  if (before.phase !== "idle") {
    throw new Error(
      `a rotation of generation ${before.generation} is under way (phase ${before.phase}): let it end first`,
    );
  }
  const generation = before.generation + 1;
  const { value, id, name = keyName(namePrefix, generation) } = put;
  const staged = { name, value, ...(id === undefined ? {} : { id }) };
  return { ...before, generation, run: OPERATOR_RUN, phase: "staged", staged };
}
