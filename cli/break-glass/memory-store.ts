import { isDeepStrictEqual } from "node:util";
import type { VaultClient, VaultError } from "../../clients/vault.ts";
import type { KvPlace } from "../../config/rotation-settings.ts";
import { explained, isStatus } from "../secrets/kv.ts";
import { isOvertaken } from "../secrets/values.ts";
import { emptyMemory, type Memory, memorySchema, openCount } from "./memory.ts";
import { dataPath, metadataPath, placeText } from "./places.ts";

/** Somebody who writes all the time is not to be raced for ever. */
const MOST_TRIES = 8;

/** The memory's document in Vault. */
export class MemoryStore {
  readonly #client: VaultClient;
  readonly #place: KvPlace;

  constructor(client: VaultClient, place: KvPlace) {
    this.#client = client;
    this.#place = place;
  }

  async read(): Promise<Memory> {
    return (await this.#read()).memory;
  }

  /**
   * Changes the document by check-and-set, over whatever it is by then.
   * @param change of the newest document; called again when somebody else wrote meanwhile; its error is passed on
   * @returns what `change` made besides the document
   */
  async change<T>(change: (memory: Memory) => { readonly memory: Memory; readonly made: T }): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      const { memory: before, version } = await this.#read();
      const { memory, made } = change(before);
      try {
        await this.#client.write(dataPath(this.#place), { options: { cas: version }, data: plain(memory) });
      } catch (error) {
        if (!isOvertaken(error)) throw explained(error, "update", dataPath(this.#place));
        // The answer to this very write may have been lost, and it was sent again.
        const now = await this.#read();
        if (now.version !== version + 1 || !isDeepStrictEqual(plain(now.memory), plain(memory))) {
          if (tries === MOST_TRIES) throw error;
          continue;
        }
      }
      await this.#tellOpen(before, memory);
      return made;
    }
  }

  /** For the exporter, which may read no document: how many incidents are open. */
  async #tellOpen(before: Memory, memory: Memory): Promise<void> {
    if (openCount(before) === openCount(memory) && before.incidents.length > 0) return;
    await this.#client.request("PATCH", metadataPath(this.#place), {
      custom_metadata: { open: String(openCount(memory)) },
    });
  }

  async #read(): Promise<{ readonly memory: Memory; readonly version: number }> {
    const { data, version } = await this.#document();
    if (data === undefined) return { memory: emptyMemory, version };
    const parsed = memorySchema.safeParse(data);
    if (parsed.success) return { memory: parsed.data, version };
    const [issue] = parsed.error.issues;
    throw new Error(
      `${placeText(this.#place)} is not what break-glass wrote (${issue?.path.join(".")}: ${issue?.message}). Bring back an older ` +
        `version: vault kv rollback -mount=${this.#place.mount} -version=<n> ${this.#place.path}. Nothing was done.`,
    );
  }

  /** A deleted document answers 404 with its version: check-and-set counts on from there. */
  async #document(): Promise<{ readonly data?: unknown; readonly version: number }> {
    try {
      const { data } = await this.#client.request("GET", dataPath(this.#place));
      return { data: data?.data, version: versionOf(data?.metadata) };
    } catch (error) {
      if (!isStatus(error, 404)) throw explained(error, "read", dataPath(this.#place));
      return { version: await this.#versionOfDeleted(error) };
    }
  }

  async #versionOfDeleted(error: VaultError): Promise<number> {
    if (error.errors.some((text) => text.includes("no handler for route"))) throw error;
    const metadata = await this.#client.read(metadataPath(this.#place));
    return Number(metadata?.current_version ?? 0);
  }
}

function versionOf(metadata: unknown): number {
  return Number((metadata as { readonly version?: unknown } | undefined)?.version ?? 0);
}

/** As JSON gives it back. */
function plain(memory: Memory): unknown {
  return JSON.parse(JSON.stringify(memory));
}
