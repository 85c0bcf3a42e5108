/**
 * When a certificate that ESO brought ends. Each refresh issues another one for its whole ttl, so that this is known without
 * reading the Secret: Vault issues some moments after the sync began, so the true end is no earlier. A certificate that
 * Vault would have to cut short is not issued at all (its issuers refuse by default), and the sync fails.
 * @returns `undefined` before the first sync
 */
export function certificateExpiry(ttlSeconds: number, lastSuccess: Date | undefined): Date | undefined {
  return lastSuccess && new Date(lastSuccess.getTime() + ttlSeconds * 1_000);
}

/** Another one is issued when a third of a certificate's life is left; with less than this one that is overdue. */
const NEAR = 1 / 4;

/** Whether a certificate should have been issued anew by now; one that has ended should as well. */
export function isNearExpiry(ttlSeconds: number, expires: Date, now: Date): boolean {
  return expires.getTime() - now.getTime() < ttlSeconds * NEAR * 1_000;
}
