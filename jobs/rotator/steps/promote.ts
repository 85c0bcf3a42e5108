import { RotationError } from "../errors.ts";
import { type LiveSlot, readLive, undelete } from "../live.ts";
import type { Rotation } from "../rotation.ts";
import { digestOf, type RotationState } from "../state.ts";
import { promoted, sameValue } from "../transitions.ts";
import { CheckAndSetError, type KvSecret, type Written } from "../vault.ts";

/** A person who writes other properties all the time is not to be raced for ever. */
const MOST_TRIES = 5;

/**
 * Writes the staged key to where consumers read it, on top of the value that it was to replace and of no other. What an
 * earlier run or a lost answer hides is recognized by the value.
 */
export async function promote(rotation: Rotation): Promise<void> {
  const { lineage, spec } = rotation;
  const key = lineage.state.staged;
  if (key === undefined) throw new Error("no staged key in the phase promoting");
  rotation.log.secrets.add(key.value);
  const written = await writeLive(rotation, key.value);
  await lineage.write(promoted(lineage.state, written, spec.overlapSeconds));
}

async function writeLive(rotation: Rotation, value: string): Promise<Written> {
  const { vault, lineage, spec } = rotation;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const live = await readLive(rotation);
    if (live.digest === digestOf(value))
      return { version: live.version, createdTime: live.createdTime ?? "" };
    if (!sameValue(lineage.state.basis, live)) throw changedByHand(rotation, live);
    try {
      return await vault.write(spec.live, live.version, { ...live.data, [spec.live.property]: value });
    } catch (error) {
      if (!(error instanceof CheckAndSetError)) throw error;
    }
  }
  throw new RotationError("conflict", {
    field: `live slot ${spec.live.mount}/${spec.live.path}`,
    found: `a new version before each of ${MOST_TRIES} writes`,
    allowed: "no other writer while a key is promoted",
    fix: "stop what writes there; the next run goes on",
  });
}

function changedByHand({ spec: { live, state }, lineage }: Rotation, found: LiveSlot): RotationError {
  const { basis, staged: key } = lineage.state;
  const what = found.gone === undefined ? "another value" : `nothing (${found.gone})`;
  return new RotationError("conflict", {
    field: `live slot ${live.mount}/${live.path}#${live.property}`,
    found: `${what} in version ${found.version}`,
    allowed: `the value of version ${basis?.version}, which ${key?.name} was to replace`,
    fix: `${putBack(live, basis, found)}begin from what is there: vault kv delete -mount=${state.mount} ${state.path}, and run again`,
  });
}

/** What a version held that is destroyed, or gone with its metadata, nobody can bring back. */
function putBack(live: KvSecret, basis: RotationState["basis"], { gone, version }: LiveSlot): string {
  if (gone === "destroyed" || gone === "absent") return "";
  const back =
    gone === "deleted"
      ? `bring it back (${undelete(live, version)})`
      : `put that value back (vault kv rollback -mount=${live.mount} -version=${basis?.version} ${live.path})`;
  return `${back} and run again; or `;
}
