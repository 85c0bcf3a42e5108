import type { VaultClient } from "../../../clients/vault.ts";
import { saysMissing } from "../../../resources/missing-issuer.ts";
import type { Fields } from "../../../resources/values.ts";
import type { VaultReads } from "../../../resources/vault-types.ts";
import { mayPass, patiently } from "../../access/live/retry.ts";

/** Reads each path once, however many ask for it, and again when Vault may answer otherwise in a moment. */
export function rememberingReads(vault: VaultClient, report: (line: string) => void): VaultReads {
  const answers = new Map<string, Promise<Fields | undefined>>();
  return {
    read: (path) => {
      const known = answers.get(path);
      if (known !== undefined) return known;
      const answer = readPatiently(vault, path, report);
      answers.set(path, answer);
      return answer;
    },
  };
}

async function readPatiently(
  vault: VaultClient,
  path: string,
  report: (line: string) => void,
): Promise<Fields | undefined> {
  try {
    return await vault.read(path);
  } catch (error) {
    // Of an issuer that is not there Vault will say no other thing, although with a status that may pass.
    if (!mayPass(error) || saysMissing(error)) throw error;
    report((error as Error).message);
    return patiently(() => vault.read(path), report);
  }
}
