import { setTimeout as pause } from "node:timers/promises";
import { VaultError, VaultUnreachableError } from "../../../clients/vault.ts";

/** Pauses between attempts, in milliseconds: about as long as Vault takes to elect a leader when one dies. */
const PAUSES_MS = [250, 500, 1_000, 2_000, 4_000] as const;

/** What a rate-limit quota answers. */
const TOO_MANY = 429;

/**
 * Repeats a request that Vault may answer otherwise in a moment: no node answered, none leads, or a quota is used up.
 * @param pausesMs between the attempts
 */
export async function patiently<T>(
  work: () => Promise<T>,
  onRetry: (why: string) => void,
  pausesMs: readonly number[] = PAUSES_MS,
): Promise<T> {
  for (const milliseconds of pausesMs) {
    try {
      return await work();
    } catch (error) {
      if (!mayPass(error)) throw error;
      onRetry(error.message);
      await pause(milliseconds);
    }
  }
  return work();
}

/** Whether Vault may answer otherwise in a moment. */
export function mayPass(error: unknown): error is Error {
  return (
    error instanceof VaultUnreachableError ||
    (error instanceof VaultError && (error.passing || error.status === TOO_MANY))
  );
}
