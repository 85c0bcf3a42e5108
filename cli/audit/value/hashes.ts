import { type VaultClient, VaultError } from "../../../clients/vault.ts";

export interface ValueHashes {
  readonly hashes: ReadonlySet<string>;
  /** Devices that the token may not ask, such as another stack's. */
  readonly refused: readonly string[];
}

/**
 * What each audit device makes of a value: every device has a salt of its own, so only Vault can say.
 * Source: https://developer.hashicorp.com/vault/api-docs/system/audit-hash
 * @throws Error that names the missing capability where no device may be asked; never the value or a hash
 */
export async function hashesOf(client: VaultClient, value: string): Promise<ValueHashes> {
  const devices = await deviceNames(client);
  const answers = await Promise.all(
    devices.map(async (device) => ({ device, hash: await hashOn(client, device, value) })),
  );
  const hashes = new Set(answers.flatMap(({ hash }) => hash ?? []));
  const refused = answers.filter(({ hash }) => hash === undefined).map(({ device }) => device);
  if (hashes.size > 0) return { hashes, refused };
  throw new Error(
    `The token may ask none of ${devices.map((device) => `sys/audit-hash/${device}`).join(", ")}: it needs update there, ` +
      "which an auditor's policy has",
  );
}

async function deviceNames(client: VaultClient): Promise<readonly string[]> {
  const devices = await unlessForbidden(() => client.read("sys/audit"));
  if (devices === "forbidden") {
    throw new Error(
      "The token may not ask sys/audit: it needs read and sudo there, which an auditor's policy has",
    );
  }
  const names = Object.keys(devices ?? {}).map((path) => path.replace(/\/$/, ""));
  if (names.length > 0) return names;
  throw new Error(`Vault at ${client.address} has no audit device, so no log of it can hold the value`);
}

async function hashOn(client: VaultClient, device: string, value: string): Promise<string | undefined> {
  const path = `sys/audit-hash/${device}`;
  const answer = await unlessForbidden(() => client.write(path, { input: value }));
  if (answer === "forbidden") return undefined;
  const hash = answer.data?.hash;
  if (typeof hash === "string" && hash !== "") return hash;
  throw new Error(`Vault answered ${path} without a hash`);
}

async function unlessForbidden<T>(ask: () => Promise<T>): Promise<T | "forbidden"> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof VaultError && error.status === 403) return "forbidden";
    throw error;
  }
}
