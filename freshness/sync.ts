import { coversGeneration, judgeReady, type LiveObject } from "../components/external-secrets/judgement.ts";
import { PROPAGATION_SECONDS } from "../config/rotation.ts";
import type { DeclaredSync, FollowedPath } from "./declared.ts";
import type { SecretState } from "./kv-metadata.ts";

/** How far an ExternalSecret is behind Vault. */
export interface SyncJudgement {
  /** ESO says so, and there is a Secret with a value. */
  readonly ready: boolean;
  /** Why not; ESO's own words where it has some. */
  readonly reason?: string;
  /** When the newest successful sync began, by ESO's clock, in whole seconds; absent before the first. */
  readonly lastSuccess?: Date;
  /** The last success is older than {@link staleAfterSeconds}, or was of an earlier generation. */
  readonly stale: boolean;
  /**
   * For how long the cluster has held something else than Vault's newest version: since the first version that no sync has
   * brought. 0 when in sync. Absent where nothing is known of it: no ExternalSecret, or no metadata of one of its paths.
   */
  readonly lagSeconds?: number;
}

/** Twice the refresh interval, since one may just have begun and fail once, and what ESO's retries and kubelets take. */
export function staleAfterSeconds(refreshIntervalSeconds: number): number {
  return 2 * refreshIntervalSeconds + PROPAGATION_SECONDS;
}

/** A new version may wait for the next refresh for so long, and no longer. */
export function usualLagSeconds(refreshIntervalSeconds: number): number {
  return refreshIntervalSeconds + PROPAGATION_SECONDS;
}

/**
 * @param live the ExternalSecret as the API server has it; `undefined` where there is none
 * @param metadata what Vault says of a path; `undefined` where that is not known
 */
export function judgeSync(
  declared: Pick<DeclaredSync, "refreshIntervalSeconds" | "paths">,
  live: LiveObject | undefined,
  metadata: (path: FollowedPath) => SecretState | undefined,
  now: Date,
): SyncJudgement {
  const verdict = judgeReady(live);
  const lastSuccess = lastSuccessOf(live);
  const lagSeconds = live && lagOf(declared.paths.map(metadata), live, lastSuccess, now);
  const age = lastSuccess === undefined ? Number.POSITIVE_INFINITY : secondsBetween(lastSuccess, now);
  return {
    ready: verdict.state === "ready",
    ...(verdict.state === "ready" ? {} : { reason: verdict.reason }),
    ...(lastSuccess === undefined ? {} : { lastSuccess }),
    stale:
      live === undefined ||
      !coversGeneration(live) ||
      age > staleAfterSeconds(declared.refreshIntervalSeconds),
    ...(lagSeconds === undefined ? {} : { lagSeconds }),
  };
}

/** ESO keeps the time of the last success when a later refresh fails. */
function lastSuccessOf(live: LiveObject | undefined): Date | undefined {
  const text = live?.status?.refreshTime;
  return text == null || Number.isNaN(Date.parse(text)) ? undefined : new Date(text);
}

/** Before the first sync the cluster lacks the value since the ExternalSecret is there. */
function lagOf(
  states: readonly (SecretState | undefined)[],
  live: LiveObject,
  lastSuccess: Date | undefined,
  now: Date,
): number | undefined {
  const known = states.filter((state) => state !== undefined);
  if (known.length < states.length) return undefined;
  const versions = known.flatMap((state) => state.versions.map((one) => Date.parse(one.createdTime)));
  const missed =
    lastSuccess === undefined
      ? versions.map((created) => Math.max(created, Date.parse(live.metadata.creationTimestamp ?? "")))
      : versions.filter((created) => isAfter(created, lastSuccess));
  const first = Math.min(...missed.filter((time) => !Number.isNaN(time)));
  return Number.isFinite(first) ? Math.max(0, (now.getTime() - first) / 1_000) : 0;
}

/** Kubernetes keeps whole seconds: a version of the very second in which a sync began counts as read by it. */
function isAfter(created: number, lastSuccess: Date): boolean {
  return Math.floor(created / 1_000) > Math.floor(lastSuccess.getTime() / 1_000);
}

function secondsBetween(earlier: Date, later: Date): number {
  return (later.getTime() - earlier.getTime()) / 1_000;
}
