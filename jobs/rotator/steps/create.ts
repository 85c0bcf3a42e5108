import { OvertakenError, RotationError } from "../errors.ts";
import { liveOf, readLive, refuseDeleted } from "../live.ts";
import type { ProviderKey } from "../providers/provider.ts";
import type { Rotation } from "../rotation.ts";
import { intended, nextName, staged } from "../transitions.ts";

/**
 * Makes the key of the next generation and stages it. What earlier runs made and lost is swept first: listed while this run
 * holds the claim, and written down before anything is deleted, so that a key of a run that came later is never among it.
 */
export async function createKey(rotation: Rotation): Promise<void> {
  const { provider, lineage, spec, job, log } = rotation;
  const { maker } = provider;
  if (maker === undefined) throw new Error("this provider makes no keys");
  const live = await readLive(rotation);
  refuseDeleted(rotation, live);
  const found = await maker.list(spec.namePrefix);
  await lineage.write(intended(lineage.state, found, liveOf(live), spec.namePrefix, job));
  await sweep(rotation);
  const key = await maker.create(nextName(spec.namePrefix, lineage.state));
  log.secrets.add(key.value);
  try {
    await lineage.write(staged(lineage.state, key, lineage.now));
  } catch (error) {
    await abandon(rotation, key, error);
    throw error;
  }
}

/** Deletes the doomed keys; the next write of the state says that they are gone. */
export async function sweep({ lineage, provider, narrator }: Rotation): Promise<void> {
  for (const { id, name } of lineage.state.doomed) {
    await provider.revoke?.(id);
    await narrator.tell("RotationSwept", `removed ${name} (${id}), which nobody holds`);
  }
}

/** A key whose value could not be written down is of no use to anybody, unless a lost answer hides that it was. */
async function abandon({ provider, lineage, narrator }: Rotation, { id, name }: ProviderKey, error: unknown) {
  const lost =
    error instanceof OvertakenError || (error instanceof RotationError && error.failure === "conflict");
  if (!lost || (await lineage.names(id))) return;
  await provider.revoke?.(id);
  await narrator.tell(
    "RotationSwept",
    `removed ${name} (${id}), whose value another run kept from being written`,
  );
}
