import { setTimeout } from "node:timers/promises";
import { inParallel } from "../in-parallel.ts";
import { entitiesOf, type KnownAccount } from "./entities.ts";
import { placeText } from "./places.ts";
import type { HeldSecret, Plan } from "./plan.ts";
import type { Scene } from "./scene.ts";
import { standing } from "./steps/destroy.ts";
import type { Workload } from "./workloads.ts";

const AT_ONCE = 8;

/** What Vault and the cluster say about a plan before anything is done. Where one does not answer, a text says why. */
export interface Look {
  readonly readers: readonly KnownAccount[] | string;
  /** Secret in KV -> versions that stand there. */
  readonly versions: Readonly<Record<string, readonly number[]>> | string;
  readonly secrets: readonly SeenSecret[];
  /** Rights that are missing in the cluster. */
  readonly missingRights: readonly string[];
}

export interface SeenSecret {
  readonly held: HeldSecret;
  readonly workloads: readonly Workload[] | string;
}

/** How long the cluster may take to tell what it will lose, in milliseconds: the denial waits for it. */
const CLUSTER_MS = 3_000;

export async function lookAround(scene: Scene, plan: Plan): Promise<Look> {
  const soon = deadline(CLUSTER_MS);
  const [readers, versions, secrets, missingRights] = await Promise.all([
    orWhy(() => entitiesOf(scene.vault, scene.settings, plan.readers)),
    orWhy(() => versionsOf(scene, plan)),
    seenSecrets(scene, plan, soon),
    missingIn(scene, plan, soon),
  ]);
  return { readers, versions, secrets, missingRights };
}

async function versionsOf(
  { vault }: Scene,
  { destroyed }: Plan,
): Promise<Readonly<Record<string, readonly number[]>>> {
  const found = await Promise.all(
    destroyed.map(async (place) => [placeText(place), await standing(vault, place)] as const),
  );
  return Object.fromEntries(found);
}

async function seenSecrets(
  { cluster }: Scene,
  { secrets }: Plan,
  soon: Deadline,
): Promise<readonly SeenSecret[]> {
  return inParallel(secrets, AT_ONCE, async (held) => ({
    held,
    workloads:
      typeof cluster === "string"
        ? cluster
        : await within(soon, () => cluster.workloads(held.namespace, held.secret)),
  }));
}

async function missingIn({ cluster }: Scene, { secrets }: Plan, soon: Deadline): Promise<readonly string[]> {
  if (typeof cluster === "string") return [];
  const asked = await inParallel(secrets, AT_ONCE, async ({ namespace, secret }) => {
    return (await within(soon, () => cluster.mayDelete(namespace, secret))) === false
      ? [`delete Secret ${namespace}/${secret}`]
      : [];
  });
  return asked.flat();
}

interface Deadline {
  /** By `performance.now()`. */
  readonly at: number;
  /** Resolves then, with what it means. */
  readonly over: Promise<string>;
}

function deadline(milliseconds: number): Deadline {
  const why = `the cluster took longer than ${milliseconds / 1_000} s`;
  return { at: performance.now() + milliseconds, over: setTimeout(milliseconds, why, { ref: false }) };
}

/** An answer, or a text once it is too late for one; then nothing more is asked. */
async function within<T>({ at, over }: Deadline, ask: () => Promise<T>): Promise<T | string> {
  return performance.now() >= at ? over : Promise.race([ask(), over]);
}

async function orWhy<T>(ask: () => Promise<T>): Promise<T | string> {
  try {
    return await ask();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
