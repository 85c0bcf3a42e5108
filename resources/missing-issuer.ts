import { VaultError } from "../clients/vault.ts";

/** What a request gives; `undefined` where Vault says 500 of an issuer, or 400 or 500 of a key, that it does not have. */
export async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (saysMissing(error)) return undefined;
    throw error;
  }
}

export function saysMissing(error: unknown): boolean {
  const missing = /unable to (find|resolve|fetch)|no such|does not exist/i;
  return error instanceof VaultError && error.errors.some((text) => missing.test(text));
}
