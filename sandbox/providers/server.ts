import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { anthropicApi } from "./anthropic-api.ts";
import type { ApiAnswer, ApiRequest, ProviderState } from "./api.ts";
import { controlApi } from "./control.ts";
import { Faults, slowness } from "./faults.ts";
import { KeyStore } from "./keys.ts";
import { openAiApi } from "./openai-api.ts";
import { plainApi } from "./plain-api.ts";

/** An emulated provider that runs in this process. */
export interface RunningProvider {
  /** `http://127.0.0.1:<port>`; OpenAI's API is below `/v1`, Anthropic's below `/anthropic`, a plain one below `/plain`, the tests' own below `/control`. */
  readonly address: string;
  readonly state: ProviderState;
  close(): Promise<void>;
}

/**
 * Starts a provider of API keys on loopback that keeps real state: keys are accepted, revoked, expired, listed in pages,
 * and what is to go wrong goes wrong.
 * @param adminKey a credential that may manage keys
 * @param port @default any free one
 */
export async function startProvider(adminKey: string, port = 0): Promise<RunningProvider> {
  const state: ProviderState = {
    ...{ keys: new KeyStore(), faults: new Faults() },
    ...{ newKeyDelayMs: 0, refuseNewKeys: false },
  };
  state.keys.putAdmin(adminKey, { valid: true, mayManage: true });
  const server = createServer((request, response) => {
    serve(state, request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return { address: addressOf(server), state, close: () => closed(server) };
}

async function serve(
  state: ProviderState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = await apiRequest(request);
  const path = asked.url.pathname;
  if (path.startsWith("/control/")) return send(response, controlApi(state, asked));
  const fault = state.faults.take(request);
  if (fault?.kind === "down" && fault.afterwards !== true) return cut(request);
  await slowness(fault);
  if (fault?.kind === "status") {
    const { status, retryAfterSeconds: after } = fault;
    return send(response, {
      status,
      body: { error: { message: "as it was told to", type: "injected", param: null, code: null } },
      ...(after === undefined ? {} : { headers: { "retry-after": String(after) } }),
    });
  }
  const waitSeconds = state.rateLimit?.take();
  if (waitSeconds !== undefined) return send(response, tooMany(waitSeconds));
  const answer = apiAt(path)(state, asked);
  if (fault?.kind === "down") return cut(request);
  send(response, answer);
}

function apiAt(path: string): (state: ProviderState, request: ApiRequest) => ApiAnswer {
  if (path.startsWith("/anthropic/")) return anthropicApi;
  return path.startsWith("/plain/") ? plainApi : openAiApi;
}

function tooMany(waitSeconds: number): ApiAnswer {
  return {
    status: 429,
    body: {
      error: { message: "Rate limit reached", type: "requests", param: null, code: "rate_limit_exceeded" },
    },
    headers: { "retry-after": String(waitSeconds) },
  };
}

function cut(request: IncomingMessage): void {
  request.socket.destroy();
}

async function apiRequest(request: IncomingMessage): Promise<ApiRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  return {
    method: request.method ?? "GET",
    url: new URL(request.url ?? "/", "http://127.0.0.1"),
    headers: request.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

function send(response: ServerResponse, { status, body, headers = {} }: ApiAnswer): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "x-request-id": `req_${randomUUID().replaceAll("-", "")}`,
    ...headers,
  });
  response.end(body === undefined ? "" : JSON.stringify(body));
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}
