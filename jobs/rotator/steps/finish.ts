import { RotationError } from "../errors.ts";
import { type LiveSlot, liveOf, readLive } from "../live.ts";
import { providerError } from "../providers/provider.ts";
import type { Rotation } from "../rotation.ts";
import type { RotationSpec } from "../spec.ts";
import type { RotationState } from "../state.ts";
import { doomed, dropped, due, knowsLive, swept, unnamed } from "../transitions.ts";
import { sweep } from "./create.ts";
import { verdictOn } from "./test.ts";

/** What consumers read is no good: nothing is revoked until a rotation or a person has replaced it. */
export class LiveKeyError extends RotationError {
  constructor({ live }: RotationSpec, found: string, allowed: string) {
    super("conflict", {
      field: `live slot ${live.mount}/${live.path}#${live.property}`,
      found,
      allowed,
      fix: "run a rotation, which replaces it before it revokes, or put a key that is valid; the previous keys stay until then",
    });
  }
}

/** Whether a look is enough. Without any idea of Vault's time it is not. */
export function nothingDue(state: RotationState, roughNow: Date | undefined): boolean {
  if (state.doomed.length > 0) return false;
  const open = state.previous.some(({ revokeAfter }) => revokeAfter !== undefined);
  return !open || (roughNow !== undefined && due(state, roughNow).length === 0);
}

/**
 * Revokes previous keys whose overlap was over when this run claimed the rotation, and sweeps. All consumers have synced by
 * then (the phase says so), and what they read is first seen to work: nobody loses the last key that is good.
 */
export async function finishDue(rotation: Rotation): Promise<void> {
  const { lineage } = rotation;
  if (lineage.state.doomed.length > 0) await removeDoomed(rotation);
  const over = due(lineage.state, new Date(lineage.now));
  if (over.length === 0) return;
  const live = await requireGoodLive(rotation, over);
  for (const key of over) await revoke(rotation, key);
  if (knowsLive(lineage.state, liveOf(live))) await sweepUnnamed(rotation);
}

async function revoke({ provider, lineage, narrator }: Rotation, key: RotationState["previous"][number]) {
  const name = key.name ?? "the key from before the first rotation";
  const { id } = key;
  if (id === undefined || provider.revoke === undefined) {
    await narrator.tell(
      "RotationLeft",
      `${name} is replaced everywhere, and the rotator cannot revoke it: archive it at the provider`,
    );
    await lineage.write(dropped(lineage.state, key, "left", lineage.now));
    return;
  }
  await provider.revoke(id);
  await narrator.tell("RotationRevoked", `${name} (${id}) is revoked`);
  await lineage.write(dropped(lineage.state, key, "revoked", lineage.now));
}

async function requireGoodLive(rotation: Rotation, over: RotationState["previous"]): Promise<LiveSlot> {
  const { spec, limits } = rotation;
  const live = await readLive(rotation);
  if (live.value === undefined) throw new LiveKeyError(spec, "no value", "the current key");
  if (over.some(({ digest }) => digest === live.digest)) {
    throw new LiveKeyError(spec, "a key that was replaced, and is to be revoked now", "the current key");
  }
  const verdict = await verdictOn(rotation, live.value, limits.retry);
  if (verdict === "unknown") throw providerError("test the live key", "no verdict", "see that it is up");
  if (verdict === "refused") {
    throw new LiveKeyError(spec, "a key that the provider refuses", "a key that it accepts");
  }
  return live;
}

async function sweepUnnamed(rotation: Rotation): Promise<void> {
  const { provider, lineage, spec } = rotation;
  const lost = unnamed(lineage.state, (await provider.maker?.list(spec.namePrefix)) ?? []);
  if (lost.length === 0) return;
  // Written before anything is deleted: only what was listed under this run's claim may go.
  await lineage.write(doomed(lineage.state, lost));
  await removeDoomed(rotation);
}

async function removeDoomed(rotation: Rotation): Promise<void> {
  const { lineage } = rotation;
  await sweep(rotation);
  await lineage.write(swept(lineage.state, lineage.now));
}
