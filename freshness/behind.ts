import { certificateExpiry, isNearExpiry } from "./certificates.ts";
import type { DeclaredSync } from "./declared.ts";
import { type SyncJudgement, usualLagSeconds } from "./sync.ts";

/**
 * Why an ExternalSecret is to be refreshed now. `near expiry`: its certificate should have been issued anew. `overdue`: its
 * refresh is late, but not yet stale. `lagging`: Vault has a version that the cluster has not.
 */
export type Behind = "not ready" | "near expiry" | "stale" | "overdue" | "lagging";

/**
 * The gravest reason. For a certificate Vault has no versions, so that times alone say it.
 * @returns `undefined` where there is none: a refresh of a good certificate would only make another one
 */
export function behind(
  declared: Pick<DeclaredSync, "refreshIntervalSeconds" | "certificateTtlSeconds">,
  judged: SyncJudgement,
  now: Date,
): Behind | undefined {
  if (!judged.ready) return "not ready";
  if (nearExpiry(declared, judged, now)) return "near expiry";
  if (judged.stale) return "stale";
  if (isOverdue(declared, judged, now)) return "overdue";
  return (judged.lagSeconds ?? 0) > 0 ? "lagging" : undefined;
}

function nearExpiry(
  { certificateTtlSeconds: ttlSeconds }: Pick<DeclaredSync, "certificateTtlSeconds">,
  { lastSuccess }: SyncJudgement,
  now: Date,
): boolean {
  const expires = ttlSeconds === undefined ? undefined : certificateExpiry(ttlSeconds, lastSuccess);
  return ttlSeconds !== undefined && expires !== undefined && isNearExpiry(ttlSeconds, expires, now);
}

/** One that never synced is stale already. */
function isOverdue(
  { refreshIntervalSeconds }: Pick<DeclaredSync, "refreshIntervalSeconds">,
  { lastSuccess }: SyncJudgement,
  now: Date,
): boolean {
  if (lastSuccess === undefined) return false;
  return (now.getTime() - lastSuccess.getTime()) / 1_000 > usualLagSeconds(refreshIntervalSeconds);
}
