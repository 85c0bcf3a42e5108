import { randomBytes } from "node:crypto";
import { missingValues, putValues } from "../../cli/secrets/values.ts";
import { type VaultClient, VaultError, withVault } from "../../clients/vault.ts";
import type { Settings } from "../../config/schema.ts";
import type { RunningSandbox } from "../sandbox.ts";
import { readState } from "../state.ts";

/** A path that was given demo values; the values themselves are nowhere but in Vault. */
export interface Seeded {
  readonly path: string;
  readonly properties: readonly string[];
}

const pollMs = 200;

/**
 * Puts random values at every declared path that has none, as a secret-admin's `npm run secrets -- put` would: first waits for the KV
 * mounts, which the deployment running beside it makes. Values that are there stay.
 * @param ended aborts the wait, when the deployment has failed
 */
export async function seedDemoValues(
  sandbox: RunningSandbox,
  settings: Settings,
  ended: AbortSignal,
): Promise<readonly Seeded[]> {
  const { address, caPem, tokens } = sandbox.vault;
  return withVault({ address, caPem, token: await readState(tokens.secretAdmin) }, async (client) => {
    while (!ended.aborted) {
      const seeded = await whenReady(() => seedMissing(client, settings));
      if (seeded !== undefined) return seeded;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    return [];
  });
}

/** `undefined` while a mount is not there yet. */
async function seedMissing(client: VaultClient, settings: Settings): Promise<readonly Seeded[] | undefined> {
  const { missing } = await missingValues(client, settings);
  if (missing.some(({ reason }) => reason === "no mount")) return undefined;
  const paths = Map.groupBy(missing, ({ mount, path }) => `${mount}/${path}`);
  const seeded: Seeded[] = [];
  for (const [path, values] of paths) {
    const [first] = values;
    if (first === undefined) continue;
    // A secret that is taken as a whole may have any property.
    const properties = [...new Set(values.map(({ property }) => property ?? "value"))];
    const random = Object.fromEntries(
      properties.map((name) => [name, randomBytes(24).toString("base64url")]),
    );
    await putValues(client, first.mount, first.path, random);
    seeded.push({ path, properties });
  }
  return seeded;
}

/** Vault answers 400 while a new KV mount prepares itself, and 500 while an audit device is being enabled. */
async function whenReady<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    if (error.passing || /upgrading from non-versioned/i.test(error.message)) return undefined;
    throw error;
  }
}
