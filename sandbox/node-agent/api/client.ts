import type { IncomingMessage } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import { createInterface } from "node:readline";
import type { KubeConnection } from "./kubeconfig.ts";

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
export type Query = Readonly<Record<string, string>>;
export type WatchEvent<T> = { readonly type: string; readonly object: T };

/** Merge patches replace lists, except where the type says how its list merges (conditions by `type`). */
const PATCH_TYPE = "application/strategic-merge-patch+json";
const REQUEST_TIMEOUT_MS = 30_000;

/** The API server's answer to a request it did not accept: its status code, reason and message. */
export class ApiError extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.reason = reason;
  }
}

/** True for the API server's 404. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** A small Kubernetes API client over `node:https`: JSON requests and watches, nothing else. */
export class KubeClient {
  readonly server: string;
  readonly #agent: Agent;
  readonly #headers: Record<string, string>;

  constructor(connection: KubeConnection) {
    this.server = connection.server;
    const { ca, cert, key, token } = connection;
    this.#agent = new Agent({
      keepAlive: true,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    });
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  get<T>(path: string, query: Query = {}): Promise<T> {
    return this.send<T>("GET", path, undefined, query);
  }

  /** Sends one JSON request. Throws ApiError for any answer that is not 2xx. A PATCH is a strategic merge patch. */
  async send<T>(method: Method, path: string, body?: unknown, query: Query = {}): Promise<T> {
    const type = method === "PATCH" ? PATCH_TYPE : "application/json";
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    const response = await this.#open(
      method,
      path,
      query,
      signal,
      body === undefined ? undefined : { type, text: JSON.stringify(body) },
    );
    return (await readJson(response)) as T;
  }

  /** Calls `onEvent` for each event until the server or the signal ends the watch. */
  async watch<T>(
    path: string,
    query: Query,
    onEvent: (event: WatchEvent<T>) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const response = await this.#open("GET", path, { ...query, watch: "true" }, signal);
    for await (const line of createInterface({ input: response })) onEvent(JSON.parse(line) as WatchEvent<T>);
  }

  async #open(
    method: Method,
    path: string,
    query: Query,
    signal: AbortSignal,
    payload?: { readonly type: string; readonly text: string },
  ): Promise<IncomingMessage> {
    const url = new URL(this.server + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const headers: Record<string, string> = { ...this.#headers, accept: "application/json" };
    if (payload !== undefined) {
      headers["content-type"] = payload.type;
      // Node does not send the length of a DELETE's body by itself; without it the connection is out of step.
      headers["content-length"] = String(Buffer.byteLength(payload.text));
    }
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = httpsRequest(url, { method, headers, agent: this.#agent, signal }, resolve);
      request.on("error", reject);
      request.end(payload?.text);
    });
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    const answer = (await readJson(response).catch(() => ({}))) as { reason?: string; message?: string };
    throw new ApiError(status, answer.reason ?? "", answer.message ?? `${method} ${path}: HTTP ${status}`);
  }
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
