import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { RotationError } from "../errors.ts";
import type { Consumer, SyncStatus } from "../kubernetes.ts";
import { readLive } from "../live.ts";
import type { Rotation } from "../rotation.ts";
import type { RotationState } from "../state.ts";
import { settled } from "../transitions.ts";
import { type KvSecret, refuseVanishing } from "../vault.ts";

const POLL_MS = 500;

/**
 * Sees that every consumer has the promoted key: ESO is nudged and waited for, and workloads that read it at start restart.
 * @throws RotationError that names those which have it not
 */
export async function settle(rotation: Rotation): Promise<void> {
  const { lineage, narrator, spec } = rotation;
  const { current } = lineage.state;
  if (current === undefined) throw new Error("no current key in the phase promoted");
  await narrator.tell("RotationPromoted", `${current.name} is live since version ${current.version}`);
  await untilSynced(rotation, current.version);
  if (spec.consumers.length > 0) await narrator.tell("RotationSynced", `all consumers have ${current.name}`);
  await restartWorkloads(rotation, current);
  refuseVanishing("live", spec.live, await readLive(rotation));
  await lineage.write(settled(lineage.state));
}

async function untilSynced(rotation: Rotation, version: number): Promise<void> {
  const { spec, limits } = rotation;
  const deadline = performance.now() + limits.sync * 1_000;
  const ends = await Promise.all(
    spec.consumers.map((consumer) => awaitSync(rotation, consumer, version, deadline)),
  );
  const missing = ends.filter((end) => end !== undefined);
  if (missing.length === 0) return;
  throw new RotationError("unsynced", {
    field: "consumers",
    found: missing.join("; "),
    allowed: `every ExternalSecret synced within ${limits.sync} s`,
    fix: "mend the ExternalSecret or its store; the previous key stays valid, and the next run waits again",
  });
}

/**
 * A sync that began after the promotion, told by what ESO says it synced: that covers the annotations, so it changes only
 * with a sync that saw the nudge. No clocks are compared. Gives what is wrong, if anything is.
 */
async function awaitSync(
  { cluster, run }: Rotation,
  consumer: Consumer,
  version: number,
  deadline: number,
): Promise<string | undefined> {
  const name = `${consumer.namespace}/${consumer.externalSecret}`;
  // Of this run: what an earlier run's nudge brought about cannot be told any more.
  const before = await cluster.nudge(consumer, `rotation-${version}-${run}`);
  if (before === undefined) return `${name} is not there`;
  for (let seen: SyncStatus = before; ; ) {
    if (seen.ready && seen.synced !== before.synced) return undefined;
    if (performance.now() > deadline)
      return `${name}: ${seen.ready ? "no sync since the nudge" : seen.message}`;
    await setTimeout(POLL_MS);
    const now = await cluster.syncStatus(consumer);
    if (now === undefined) return `${name} was deleted`;
    seen = now;
  }
}

async function restartWorkloads(
  { spec, cluster, narrator }: Rotation,
  current: NonNullable<RotationState["current"]>,
): Promise<void> {
  const { version } = current;
  const content = contentMark(spec.live, current);
  const missing: string[] = [];
  for (const workload of spec.restarts) {
    const name = `${workload.kind} ${workload.namespace}/${workload.name}`;
    if (await cluster.restart(workload, `vault-management/rotation-${spec.key}`, content)) {
      await narrator.tell("RotationRestarted", `${name} restarts for version ${version}`);
    } else {
      missing.push(name);
    }
  }
  if (missing.length === 0) return;
  // Whoever was meant may run under another name, with the key that would be revoked.
  throw new RotationError("unsynced", {
    field: "restart",
    found: `no ${missing.join(", no ")}`,
    allowed: "workloads that are there",
    fix: `create it, or take it out of rotation.keys.${spec.key}.restart and deploy; the previous key stays valid, and the next run goes on`,
  });
}

/**
 * What a workload restarts by: another with each promotion, and the same for a run that does it again. The time is in it
 * because versions begin at one again where a secret was removed and made anew; the key's digest is not, for anybody in the
 * cluster could try guesses against it.
 */
export function contentMark(
  { mount, path }: KvSecret,
  { version, promotedAt }: Pick<NonNullable<RotationState["current"]>, "version" | "promotedAt">,
): string {
  return createHash("sha256").update(`${mount}/${path} ${version} ${promotedAt}`).digest("hex").slice(0, 16);
}
