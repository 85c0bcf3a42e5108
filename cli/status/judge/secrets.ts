import type { DeclaredSync, FollowedPath } from "../../../freshness/declared.ts";
import { currentReadable, type SecretState } from "../../../freshness/kv-metadata.ts";
import { judgeSync, type SyncJudgement, usualLagSeconds } from "../../../freshness/sync.ts";
import type { Secret } from "../document.ts";
import { type Live, readyOf } from "../live.ts";

/** What is known beside the declaration. */
export interface SyncFacts {
  readonly live: readonly Live[];
  /** `<mount>/<path>` -> what Vault's metadata says; no entry where it was not seen. */
  readonly metadata: ReadonlyMap<string, SecretState>;
  /** Namespace -> what ESO warned of there, by `<kind>/<name>`. */
  readonly warnings: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

export function pathKey({ mount, path }: FollowedPath): string {
  return `${mount}/${path}`;
}

/** How every declared ExternalSecret stands. */
export function secretsOf(syncs: readonly DeclaredSync[], facts: SyncFacts, now: Date): readonly Secret[] {
  const live = new Map(facts.live.map((one) => [`${one.metadata.namespace}/${one.metadata.name}`, one]));
  return syncs.map((sync) => {
    const found = live.get(`${sync.namespace}/${sync.externalSecret}`);
    const judged = judgeSync(sync, found, (path) => facts.metadata.get(pathKey(path)), now);
    const lastSync = judged.lastSuccess?.toISOString() ?? null;
    return {
      namespace: sync.namespace,
      name: sync.externalSecret,
      store: sync.store,
      ...standing(sync, found, judged, facts, now),
      lastSync,
    };
  });
}

/** Declared ExternalSecrets that ESO says it cannot sync. */
export function failingIn(syncs: readonly DeclaredSync[], live: readonly Live[]): readonly DeclaredSync[] {
  const failing = new Set(
    live
      .filter((one) => readyOf(one)?.status === "False")
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
  );
  return syncs.filter((sync) => failing.has(`${sync.namespace}/${sync.externalSecret}`));
}

/** They are listed by that label. */
const MISSING = "it is not in the cluster, or lacks the label of this stack";

type Standing = Pick<Secret, "state" | "reason" | "since">;

function standing(
  sync: DeclaredSync,
  live: Live | undefined,
  judged: SyncJudgement,
  facts: SyncFacts,
  now: Date,
): Standing {
  if (live === undefined) return { state: "missing", reason: MISSING, since: null };
  const condition = readyOf(live);
  if (!judged.ready) {
    const since = condition?.lastTransitionTime ?? live.metadata.creationTimestamp ?? null;
    const state = condition === undefined ? "pending" : "failing";
    return { state, reason: oneLine(causeOf(sync, judged, facts)), since };
  }
  if (judged.stale) {
    const since = judged.lastSuccess?.toISOString() ?? null;
    return { state: "stale", reason: "its last sync is too long ago, or of an earlier declaration", since };
  }
  const { lagSeconds = 0 } = judged;
  if (lagSeconds === 0) return { state: "synced", reason: null, since: null };
  const late = lagSeconds > usualLagSeconds(sync.refreshIntervalSeconds);
  return {
    state: late ? "lagging" : "waiting",
    reason: "Vault has a newer version than the cluster",
    since: new Date(now.getTime() - lagSeconds * 1_000).toISOString(),
  };
}

/** A value that is not there explains more than the words of whoever looked for it. */
function causeOf(sync: DeclaredSync, { reason }: SyncJudgement, { metadata, warnings }: SyncFacts): string {
  const empty = emptyPaths(sync, metadata);
  if (empty.length > 0) return `Vault has no value at ${empty.map(pathKey).join(", ")}`;
  const warned = warnings.get(sync.namespace)?.get(`ExternalSecret/${sync.externalSecret}`);
  return warned || reason || "ESO gives no reason";
}

/** Paths of which Vault has no version, or whose newest one is deleted. */
export function emptyPaths(
  { paths }: Pick<DeclaredSync, "paths">,
  metadata: ReadonlyMap<string, SecretState>,
): readonly FollowedPath[] {
  return paths.filter((path) => {
    const state = metadata.get(pathKey(path));
    return state !== undefined && currentReadable(state) === undefined;
  });
}

/** Vault's errors come with blank lines in them. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
