import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer, Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { AddressInfo, Server } from "node:net";

export type Upstream = "vault" | "provider" | "kubernetes";

/** A request that went by: which of all, which of its kind, and what it was. */
export interface Passing {
  /** From 1. */
  readonly index: number;
  /** `<upstream> <method> <path>`, ids left out. */
  readonly kind: string;
  /** `<kind> #<n>`, n from 1. */
  readonly label: string;
  readonly url: string;
}

/** Told of every request before it is passed on, and before its answer is given: a throw cuts the connection there. */
export interface Watcher {
  before?(passing: Passing): Promise<void>;
  after?(passing: Passing): Promise<void>;
}

export interface Proxies {
  readonly addresses: Readonly<Record<Upstream, string>>;
  readonly passed: readonly Passing[];
  /** Whom the next requests are told to; they are counted anew. */
  watch(watcher: Watcher): void;
  close(): Promise<void>;
}

export interface Origins {
  readonly vault: { readonly address: string; readonly caPem: string };
  readonly kubernetes: { readonly address: string; readonly caPem: string };
  readonly provider: { readonly address: string };
  /** For the API server's stand-in, which clients reach by TLS. */
  readonly certificate: { readonly cert: string; readonly key: string };
}

/** Stands between one rotator and all that it talks to, so that it can be stopped before and after each request. */
export async function startProxies(origins: Origins): Promise<Proxies> {
  let watcher: Watcher = {};
  let passed: Passing[] = [];
  // A handshake for each request would be most of the work of a rotation in these tests.
  const agent = new HttpsAgent({ keepAlive: true });
  const handler = (upstream: Upstream) => async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const passing = passingOf(upstream, incoming, passed);
    passed.push(passing);
    try {
      const body = await text(incoming);
      await watcher.before?.(passing);
      const answer = await forward(origins[upstream], agent, incoming, body);
      await watcher.after?.(passing);
      outgoing.writeHead(answer.status, answer.headers).end(answer.body);
    } catch {
      incoming.socket.destroy();
    }
  };
  const servers = {
    vault: createServer(handler("vault")),
    provider: createServer(handler("provider")),
    kubernetes: createSecureServer(origins.certificate, handler("kubernetes")),
  };
  await Promise.all(Object.values(servers).map(listening));
  const address = (scheme: string, server: Server) =>
    `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    addresses: {
      vault: address("http", servers.vault),
      provider: address("http", servers.provider),
      kubernetes: address("https", servers.kubernetes),
    },
    get passed() {
      return passed;
    },
    watch: (next) => {
      watcher = next;
      passed = [];
    },
    close: async () => {
      for (const server of Object.values(servers)) {
        server.closeAllConnections();
        server.close();
      }
      agent.destroy();
    },
  };
}

function passingOf(upstream: Upstream, { method, url = "" }: IncomingMessage, passed: readonly Passing[]) {
  const path = (url.split("?")[0] ?? "").replaceAll(/user-[0-9a-f]+|case-[0-9a-z-]+/g, "<id>");
  const kind = `${upstream} ${method} ${path}`;
  const label = `${kind} #${passed.filter((one) => one.kind === kind).length + 1}`;
  return { index: passed.length + 1, kind, label, url };
}

async function forward(
  { address, caPem }: { readonly address: string; readonly caPem?: string },
  agent: HttpsAgent,
  { method, url, headers }: IncomingMessage,
  body: string,
) {
  const { host: _, connection: __, ...kept } = headers;
  const [send, over] = address.startsWith("https:")
    ? [httpsRequest, { agent, ca: caPem }]
    : [httpRequest, { agent: false }];
  const options = { method, headers: kept, ...over };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    send(`${address}${url}`, options, resolve).on("error", reject).end(body);
  });
  const { connection: ___, "transfer-encoding": ____, ...answered } = answer.headers;
  return { status: answer.statusCode ?? 502, headers: answered, body: await text(answer) };
}

async function text(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

async function listening(server: Server): Promise<void> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
}
