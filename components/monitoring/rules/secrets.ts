import type { Settings } from "../../../config/schema.ts";
import { declaredSyncs } from "../../../freshness/declared.ts";

/** ExternalSecrets of one namespace that are refreshed alike: one rule watches them all. */
export interface RefreshedAlike {
  readonly namespace: string;
  readonly refreshSeconds: number;
  /** Never empty, sorted. */
  readonly names: readonly string[];
}

/** Every declared ExternalSecret, those of certificates too; in a namespace the shortest refresh interval first. */
export function refreshedAlike(settings: Pick<Settings, "namespaces">): readonly RefreshedAlike[] {
  const alike = Map.groupBy(declaredSyncs(settings), (sync) =>
    JSON.stringify([sync.namespace, sync.refreshIntervalSeconds]),
  );
  return [...alike.values()]
    .flatMap((syncs) => {
      const [first] = syncs;
      if (first === undefined) return [];
      const { namespace, refreshIntervalSeconds: refreshSeconds } = first;
      return [{ namespace, refreshSeconds, names: syncs.map(({ externalSecret }) => externalSecret) }];
    })
    .toSorted((a, b) => a.refreshSeconds - b.refreshSeconds);
}

/** The shortest refresh interval of some; `undefined` where nothing is read. */
export function shortestSeconds(groups: readonly RefreshedAlike[]): number | undefined {
  return groups[0]?.refreshSeconds;
}

/**
 * How long a failure may last before somebody is told: a refresh interval, so that short ones are told of sooner. Not
 * less than a minute, in which ESO tries again six times (1 s x 2^n) and Vault changes its leader; not more than ten, which
 * is longer than the longest pause between two tries (7 minutes).
 */
export function patienceSeconds(refreshSeconds: number): number {
  return Math.min(Math.max(refreshSeconds, 60), 600);
}
