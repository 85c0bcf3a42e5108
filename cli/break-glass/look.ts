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

export async function lookAround(scene: Scene, plan: Plan): Promise<Look> {
  const [readers, versions, secrets, missingRights] = await Promise.all([
    orWhy(() => entitiesOf(scene.vault, scene.settings, plan.readers)),
    orWhy(() => versionsOf(scene, plan)),
    seenSecrets(scene, plan),
    missingIn(scene, plan),
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

async function seenSecrets({ cluster }: Scene, { secrets }: Plan): Promise<readonly SeenSecret[]> {
  return inParallel(secrets, AT_ONCE, async (held) => ({
    held,
    workloads: typeof cluster === "string" ? cluster : await cluster.workloads(held.namespace, held.secret),
  }));
}

async function missingIn({ cluster }: Scene, { secrets }: Plan): Promise<readonly string[]> {
  if (typeof cluster === "string") return [];
  const asked = await inParallel(secrets, AT_ONCE, async ({ namespace, secret }) => {
    return (await cluster.mayDelete(namespace, secret)) === false
      ? [`delete Secret ${namespace}/${secret}`]
      : [];
  });
  return asked.flat();
}

async function orWhy<T>(ask: () => Promise<T>): Promise<T | string> {
  try {
    return await ask();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
