import { certificateExpiry, isNearExpiry } from "../../../freshness/certificates.ts";
import type { DeclaredSync } from "../../../freshness/declared.ts";
import type { Certificate, Secret } from "../document.ts";

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
