import type { IncomingMessage } from "node:http";
import type { Faults } from "./faults.ts";
import type { KeyStore } from "./keys.ts";
import type { RateLimit } from "./rate-limit.ts";

export interface ApiRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What an emulated provider is at the moment. */
export interface ProviderState {
  readonly keys: KeyStore;
  readonly faults: Faults;
  /** How long a new key takes until it is accepted. */
  newKeyDelayMs: number;
  /** New keys are never accepted. */
  refuseNewKeys: boolean;
  /** @default no limit */
  rateLimit?: RateLimit | undefined;
}

/** The token of an `Authorization: Bearer` header. */
export function bearer({ headers }: ApiRequest): string {
  return /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "";
}
