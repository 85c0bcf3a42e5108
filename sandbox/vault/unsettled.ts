import { VaultError, VaultUnreachableError } from "../../clients/vault.ts";

/** A node that just started refuses connections, and one without a leader answers with an error that passes. */
export function undefinedWhileUnsettled(error: unknown): undefined {
  if (error instanceof VaultUnreachableError) return undefined;
  if (error instanceof VaultError && error.passing) return undefined;
  throw error;
}
