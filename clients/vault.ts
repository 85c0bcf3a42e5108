import { Agent, request } from "undici";

/** Where a Vault API is and how to be trusted by it. `address` is an http(s) URL, `caPem` the PEM certificates to trust instead of the system's. */
export interface VaultConnection {
  readonly address: string;
  readonly token?: string;
  readonly caPem?: string;
  /** Milliseconds for one request, connecting included. @default 15000 */
  readonly timeoutMs?: number;
  /** What a person can do about it, told with {@link VaultUnreachableError}. */
  readonly advice?: ConnectionAdvice;
}

export interface ConnectionAdvice {
  readonly unreachable?: string;
  /** For a server whose certificate is not trusted. */
  readonly untrusted?: string;
}

export type VaultMethod = "GET" | "LIST" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A request that Vault answered with an error status; `errors` are Vault's own words, never a value that was sent. */
export class VaultError extends Error {
  readonly status: number;
  readonly path: string;
  readonly errors: readonly string[];

  constructor(method: VaultMethod, path: string, status: number, errors: readonly string[]) {
    const why = errors.length > 0 ? errors.join("; ") : "no reason given";
    super(`Vault answered ${status} to ${method} ${path}: ${why}`);
    this.name = "VaultError";
    this.status = status;
    this.path = path;
    this.errors = errors;
  }

  /**
   * Whether Vault may answer otherwise in a moment: it has no leader (a redirect to nowhere, or a 400 of a node that just
   * lost the lead), or an error of its own.
   */
  get passing(): boolean {
    const leadLost = this.errors.some((text) => text.includes("node is not the leader"));
    return this.status < 400 || this.status >= 500 || leadLost;
  }
}

/** Node's codes for a certificate that the given CA does not vouch for, or that is made for another name. */
const CERTIFICATE_CODES: readonly string[] = [
  "CERT_HAS_EXPIRED",
  "CERT_SIGNATURE_FAILURE",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
];

/** Vault could not be reached at all: no route, refused, wrong CA, or no answer in time. */
export class VaultUnreachableError extends Error {
  /** The server answers, with a certificate that is not trusted. */
  readonly untrusted: boolean;

  constructor(address: string, cause: unknown, advice: ConnectionAdvice = {}) {
    const untrusted = CERTIFICATE_CODES.includes(codeOf(cause) ?? "");
    const more = untrusted ? advice.untrusted : advice.unreachable;
    super(`Vault at ${address} cannot be reached: ${reason(cause)}${more === undefined ? "" : `. ${more}`}`, {
      cause,
    });
    this.name = "VaultUnreachableError";
    this.untrusted = untrusted;
  }
}

/** The JSON envelope of Vault's answers; `data` is absent in answers that carry none. */
export interface VaultResponse {
  readonly status: number;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly auth?: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a redirect means: nothing was read or written. Behind a load balancer there is nowhere to follow it to. */
const noLeader = ["the node that answered is a standby and cannot reach the active node"];

/**
 * A thin client of Vault's HTTP API (`/v1/...`). Paths are given without `/v1/` and without a leading slash.
 * `read` and `list` give `undefined` for 404; every other error status, redirects included, is a {@link VaultError}.
 */
export class VaultClient {
  readonly address: string;
  readonly #token: string | undefined;
  readonly #timeoutMs: number;
  readonly #advice: ConnectionAdvice | undefined;
  readonly #dispatcher: Agent;

  constructor(connection: VaultConnection) {
    this.address = connection.address.replace(/\/+$/, "");
    this.#token = connection.token;
    this.#timeoutMs = connection.timeoutMs ?? 15_000;
    this.#advice = connection.advice;
    this.#dispatcher = new Agent({
      connect: {
        timeout: this.#timeoutMs,
        ...(connection.caPem === undefined ? {} : { ca: connection.caPem }),
      },
      // Vault's standby nodes answer themselves or forward: a pooled socket to a dead node must not linger.
      keepAliveTimeout: 2_000,
    });
  }

  /** @param headers sent besides the token, e.g. those that Vault's audit log keeps */
  async request(
    method: VaultMethod,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<VaultResponse> {
    const answer = await this.#send(method, path, body, headers);
    if (answer.status >= 300) {
      throw new VaultError(
        method,
        path,
        answer.status,
        answer.status < 400 ? noLeader : errorsOf(answer.body),
      );
    }
    return answer;
  }

  /** The `data` of a GET; for KV v2 this still holds `data` and `metadata`. */
  async read(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    return (await this.#requestOrMissing("GET", path))?.data;
  }

  async list(path: string): Promise<readonly string[] | undefined> {
    const keys = (await this.#requestOrMissing("LIST", path))?.data?.keys;
    return Array.isArray(keys) ? keys.map(String) : undefined;
  }

  async write(path: string, body: unknown): Promise<VaultResponse> {
    return this.request("POST", path, body);
  }

  async delete(path: string): Promise<void> {
    await this.request("DELETE", path);
  }

  /** `sys/health`, whose status is part of the answer: 200 active, 429 standby, 501 not initialised, 503 sealed. */
  async health(): Promise<VaultResponse> {
    return this.#send("GET", "sys/health", undefined, {});
  }

  async close(): Promise<void> {
    await this.#dispatcher.close();
  }

  async #requestOrMissing(method: VaultMethod, path: string): Promise<VaultResponse | undefined> {
    try {
      return await this.request(method, path);
    } catch (error) {
      if (error instanceof VaultError && error.status === 404) return undefined;
      throw error;
    }
  }

  async #send(
    method: VaultMethod,
    path: string,
    body: unknown,
    more: Readonly<Record<string, string>>,
  ): Promise<VaultResponse> {
    const list = method === "LIST";
    try {
      const answer = await request(`${this.address}/v1/${encodePath(path)}${list ? "?list=true" : ""}`, {
        method: list ? "GET" : method,
        dispatcher: this.#dispatcher,
        headersTimeout: this.#timeoutMs,
        bodyTimeout: this.#timeoutMs,
        headers: {
          ...more,
          "X-Vault-Request": "true",
          "Content-Type": method === "PATCH" ? "application/merge-patch+json" : "application/json",
          ...(this.#token === undefined ? {} : { "X-Vault-Token": this.#token }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return envelope(answer.statusCode, await answer.body.text());
    } catch (error) {
      throw new VaultUnreachableError(this.address, error, this.#advice);
    }
  }
}

function envelope(status: number, text: string): VaultResponse {
  const body = asRecord(parse(text)) ?? {};
  const data = asRecord(body.data);
  const auth = asRecord(body.auth);
  return { status, body, ...(data ? { data } : {}), ...(auth ? { auth } : {}) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // an empty answer (204), or a proxy's page: the status says all there is
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return value as Readonly<Record<string, unknown>>;
}

function errorsOf(body: Readonly<Record<string, unknown>>): readonly string[] {
  const errors = body.errors;
  return Array.isArray(errors)
    ? errors.map((error) => String(error).trim()).filter((text) => text !== "")
    : [];
}

function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = codeOf(cause);
  const nested = cause.cause instanceof Error ? ` (${cause.cause.message})` : "";
  const message =
    cause.message === "" && cause instanceof AggregateError ? String(cause.errors[0]) : cause.message;
  return `${message}${nested}${code !== undefined && !message.includes(code) ? ` [${code}]` : ""}`;
}

function codeOf(cause: unknown): string | undefined {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** Works with a client, and closes it after. */
export async function withVault<T>(
  connection: VaultConnection,
  work: (client: VaultClient) => Promise<T>,
): Promise<T> {
  const client = new VaultClient(connection);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
