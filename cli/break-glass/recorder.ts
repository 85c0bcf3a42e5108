import { randomUUID } from "node:crypto";
import {
  VaultClient,
  type VaultConnection,
  VaultError,
  type VaultMethod,
  type VaultResponse,
} from "../../clients/vault.ts";
import type { HttpAnswer, HttpRequest } from "../../jobs/shared/http.ts";
import { patiently } from "../access/live/retry.ts";
import type { RequestRecord } from "./evidence.ts";
import { Waiting } from "./waiting.ts";

/** Between attempts: twenty seconds in all, longer than an election takes on a busy machine. */
const PAUSES_MS = [250, 500, 1_000, 2_000, 4_000, 4_000, 4_000, 4_000];

/** Collects what was asked of which server, under which ids, until it is taken into the record. */
export class Recorder {
  #requests: RequestRecord[] = [];

  add(request: RequestRecord): void {
    this.#requests.push(request);
  }

  /** All since the last time, in order. */
  taken(): readonly RequestRecord[] {
    const taken = this.#requests;
    this.#requests = [];
    return taken;
  }

  /** What a provider was asked. */
  provider(request: HttpRequest, answer: HttpAnswer | undefined): void {
    const id = answer?.headers["x-request-id"];
    this.add({
      ...{ system: "provider", at: new Date().toISOString(), method: request.method },
      target: withoutQuery(request.url),
      ...{ status: answer?.status ?? null, id: typeof id === "string" ? id : null },
    });
  }
}

/**
 * Vault, patiently: a node that is down or a lead that changes costs a pause, no step. Every request is recorded, with a
 * correlation id of its own, which Vault's audit log keeps (`x-correlation-id`): answers without a body have no request_id.
 */
export class RecordedVault extends VaultClient {
  readonly #recorder: Recorder;
  readonly #waiting: Waiting;

  constructor(connection: VaultConnection, recorder: Recorder) {
    super(connection);
    this.#recorder = recorder;
    this.#waiting = new Waiting("Vault");
  }

  override async request(method: VaultMethod, path: string, body?: unknown): Promise<VaultResponse> {
    return this.#insisting(() => this.#once(method, path, body));
  }

  /** Vault's own name for its cluster, by which an evidence file is known to be of this one. */
  async clusterId(): Promise<string> {
    return this.#insisting(async () => {
      const { status, body } = await this.health();
      if (typeof body.cluster_id === "string") return body.cluster_id;
      throw new VaultError("GET", "sys/health", status, ["the node does not say of which cluster it is"]);
    });
  }

  async #insisting<T>(ask: () => Promise<T>): Promise<T> {
    return this.#waiting.during(() => patiently(ask, this.#waiting.because, PAUSES_MS));
  }

  async #once(method: VaultMethod, path: string, body: unknown): Promise<VaultResponse> {
    const correlationId = randomUUID();
    const asked = {
      system: "vault",
      at: new Date().toISOString(),
      method,
      target: path,
      correlationId,
    } as const;
    try {
      const answer = await super.request(method, path, body, { "x-correlation-id": correlationId });
      const id = answer.body.request_id;
      this.#recorder.add({ ...asked, status: answer.status, id: typeof id === "string" ? id : null });
      return answer;
    } catch (error) {
      this.#recorder.add({ ...asked, status: error instanceof VaultError ? error.status : null, id: null });
      throw error;
    }
  }
}

export function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/, "");
}
