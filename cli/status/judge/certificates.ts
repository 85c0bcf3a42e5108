import { certificateExpiry, isNearExpiry } from "../../../freshness/certificates.ts";
import type { DeclaredSync } from "../../../freshness/declared.ts";
import type { Authority, Certificate, Secret } from "../document.ts";
import type { AuthorityEnd } from "../look/authorities.ts";

/** When each certificate ends, by when it was issued: no Secret is read. */
export function certificatesOf(
  syncs: readonly DeclaredSync[],
  secrets: readonly Secret[],
  now: Date,
): readonly Certificate[] {
  const lastSync = new Map(secrets.map((one) => [`${one.namespace}/${one.name}`, one.lastSync]));
  return syncs.flatMap(({ namespace, externalSecret: name, certificateTtlSeconds: ttlSeconds }) => {
    if (ttlSeconds === undefined) return [];
    const issued = lastSync.get(`${namespace}/${name}`) ?? null;
    const expires = certificateExpiry(ttlSeconds, issued === null ? undefined : new Date(issued));
    return [
      { namespace, name, expires: expires?.toISOString() ?? null, state: stateOf(expires, ttlSeconds, now) },
    ];
  });
}

function stateOf(expires: Date | undefined, ttlSeconds: number, now: Date): Certificate["state"] {
  if (expires === undefined) return "none";
  if (expires.getTime() <= now.getTime()) return "expired";
  return isNearExpiry(ttlSeconds, expires, now) ? "near expiry" : "good";
}

/** How near each CA is to its end, by the same limits as its alert. */
export function authoritiesOf(ends: readonly AuthorityEnd[], now: Date): readonly Authority[] {
  return ends.map(({ authority: { warningSeconds, criticalSeconds, ...authority }, expires }) => {
    const leftSeconds = (expires.getTime() - now.getTime()) / 1_000;
    return {
      ...authority,
      expires: expires.toISOString(),
      state: authorityState(leftSeconds, warningSeconds, criticalSeconds),
    };
  });
}

function authorityState(left: number, warning: number, critical: number): Authority["state"] {
  if (left <= 0) return "expired";
  if (left < critical) return "ending";
  return left < warning ? "near expiry" : "good";
}
