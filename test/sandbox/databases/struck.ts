import {
  VaultClient,
  type VaultConnection,
  type VaultMethod,
  type VaultResponse,
} from "../../../clients/vault.ts";

/** What ends a command at one of its requests. */
export class Struck extends Error {}

/** A client whose holder is struck down at its n-th request: before Vault gets it, or after Vault has done it. */
export class StruckClient extends VaultClient {
  readonly #at: number;
  readonly #when: "before" | "after";
  #count = 0;

  constructor(connection: VaultConnection, at: number, when: "before" | "after") {
    super(connection);
    this.#at = at;
    this.#when = when;
  }

  /** Requests so far. */
  get count(): number {
    return this.#count;
  }

  override async request(method: VaultMethod, path: string, body?: unknown): Promise<VaultResponse> {
    this.#count += 1;
    const struck = this.#count === this.#at;
    if (struck && this.#when === "before") throw new Struck();
    const answer = super.request(method, path, body);
    if (!struck) return answer;
    await answer.catch(() => {}); // a refusal is an answer too
    throw new Struck();
  }
}
