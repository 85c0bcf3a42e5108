/**
 * When a certificate that ESO brought ends. Each refresh issues another one for its whole ttl, so that this is known without
 * reading the Secret: Vault issues some moments after the sync began, so the true end is no earlier. A certificate that
 * Vault would have to cut short is not issued at all (its issuers refuse by default), and the sync fails.
 * @returns `undefined` before the first sync
 */
export function certificateExpiry(ttlSeconds: number, lastSuccess: Date | undefined): Date | undefined {
  return lastSuccess && new Date(lastSuccess.getTime() + ttlSeconds * 1_000);
}
