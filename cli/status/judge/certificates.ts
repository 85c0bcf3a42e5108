import { certificateExpiry } from "../../../freshness/certificates.ts";
import type { DeclaredSync } from "../../../freshness/declared.ts";
import type { Authority, Certificate, Secret } from "../document.ts";
import type { AuthorityEnd } from "../look/authorities.ts";

/** Another one is issued when a third of a certificate's life is left; with less than this one that is overdue. */
const NEAR = 1 / 4;

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
  const leftSeconds = (expires.getTime() - now.getTime()) / 1_000;
  if (leftSeconds <= 0) return "expired";
  return leftSeconds < ttlSeconds * NEAR ? "near expiry" : "good";
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
