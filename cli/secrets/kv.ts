import { type VaultClient, VaultError, type VaultResponse } from "../../clients/vault.ts";
import { neverWritten, type SecretState, secretState } from "../../freshness/kv-metadata.ts";

/**
 * A path's metadata; a path never written to has version 0.
 * @throws Error that names the capability when the token may not read it, VaultError for any other refusal
 */
export async function readState(client: VaultClient, mount: string, path: string): Promise<SecretState> {
  const answer = await getOrMissing(client, `${mount}/metadata/${path}`);
  if (answer === "no mount" || answer === "absent") return neverWritten({ mounted: answer === "absent" });
  return secretState(answer.data, new Date());
}

/**
 * The names of the newest version's properties, nested as they are and without any value (`<mount>/subkeys/<path>`).
 * `"refused"` when the token may read metadata alone.
 */
export async function readSubkeys(
  client: VaultClient,
  mount: string,
  path: string,
): Promise<Readonly<Record<string, unknown>> | "refused"> {
  try {
    return asMap((await client.read(`${mount}/subkeys/${path}`))?.subkeys);
  } catch (error) {
    if (isStatus(error, 403)) return "refused";
    throw error;
  }
}

/** Whether ESO finds `property`: a property of that very name, else one nested along its dots. */
export function hasProperty(subkeys: Readonly<Record<string, unknown>>, property: string): boolean {
  if (Object.hasOwn(subkeys, property)) return true;
  const nested = property
    .split(".")
    .reduce<unknown>(
      (value, name) => (Object.hasOwn(asMap(value), name) ? asMap(value)[name] : undefined),
      subkeys,
    );
  return nested !== undefined;
}

/**
 * Makes Vault's bare `permission denied` say which capability on which path is wanted.
 * @param whose in words, who has it
 */
export function explained(error: unknown, capability: string, path: string, whose?: string): unknown {
  if (!isStatus(error, 403)) return error;
  return new Error(
    `Vault refused: this needs the capability "${capability}" on "${path}"${whose === undefined ? "" : ` (${whose})`}, ` +
      "which the token lacks, or the token has expired (vault token lookup shows which)",
    { cause: error },
  );
}

export function isStatus(error: unknown, status: number): error is VaultError {
  return error instanceof VaultError && error.status === status;
}

async function getOrMissing(
  client: VaultClient,
  path: string,
): Promise<VaultResponse | "absent" | "no mount"> {
  try {
    return await client.request("GET", path);
  } catch (error) {
    if (!isStatus(error, 404)) throw explained(error, "read", path);
    return error.errors.some((text) => text.includes("no handler for route")) ? "no mount" : "absent";
  }
}

function asMap(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
