import type { ExporterCluster } from "../cluster.ts";
import { inGroups, together } from "../in-groups.ts";
import { type Collector, keyOf } from "../seen.ts";
import type { ExporterSpec } from "../spec.ts";

/** Since when each rotation is declared: one that is younger than its key has missed nothing. */
export function rotationCollector(
  { rotations }: Pick<ExporterSpec, "rotations">,
  cluster: Pick<ExporterCluster, "cronJobCreated">,
): Collector {
  return async (before) => {
    const asked = await inGroups(rotations, async ({ namespace, cronJob }) => {
      const created = await cluster.cronJobCreated(namespace, cronJob);
      return [keyOf({ namespace, name: cronJob }), created] as const;
    });
    const { values, failures } = together(asked);
    return { seen: { cronJobs: new Map([...before.cronJobs, ...values]) }, failures };
  };
}
