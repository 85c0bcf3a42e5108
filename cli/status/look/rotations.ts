import type { KubeConfig } from "@kubernetes/client-node";
import type { VaultClient } from "../../../clients/vault.ts";
import type { RotationSettings } from "../../../config/rotation-settings.ts";
import { inParallel } from "../../in-parallel.ts";
import { RotationCluster } from "../../rotate/cluster.ts";
import type { CronJobFacts } from "../../rotate/jobs.ts";
import { readSlots } from "../../rotate/slots.ts";
import { type KeyStatus, statusOf } from "../../rotate/status.ts";
import type { Rotation } from "../document.ts";
import type { Seen } from "../seen.ts";

/** Quick for a hundred keys, and no burst on Vault. */
const AT_ONCE = 8;

type Jobs = Seen<ReadonlyMap<string, CronJobFacts>>;

/** What the cluster says of the rotations' CronJobs and Jobs. */
export async function jobFacts(
  { namespace }: Pick<RotationSettings, "namespace">,
  kubernetes: Seen<KubeConfig>,
): Promise<Jobs> {
  if ("unseen" in kubernetes) return kubernetes;
  const facts = await new RotationCluster(kubernetes.found, namespace).facts();
  return typeof facts === "string" ? { unseen: facts } : { found: facts };
}

/** Every rotated key, as `npm run rotate -- status` judges it; what Vault says stands without the Jobs. */
export async function rotations(
  client: VaultClient,
  { keys }: Pick<RotationSettings, "keys">,
  jobs: Jobs,
  now: Date,
): Promise<readonly Rotation[]> {
  const facts = "found" in jobs ? jobs.found : undefined;
  return inParallel(keys, AT_ONCE, async (key) =>
    rotationOf(statusOf(key, await readSlots(client, key), facts, now)),
  );
}

function rotationOf({ key, current, nextRun, overdueSince, failures }: KeyStatus): Rotation {
  const [failure] = failures;
  return {
    key,
    liveSince: current?.since ?? null,
    nextRun,
    overdueSince,
    failure: failure === undefined ? null : { at: failure.at, text: failure.text },
  };
}
