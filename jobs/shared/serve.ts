import { createServer, type Server } from "node:http";

/** Where to listen: `:9464` everywhere, or `127.0.0.1:9464`. */
export interface Listen {
  readonly host?: string;
  readonly port: number;
}

/** @returns `undefined` where the text names no port */
export function listenAt(text: string): Listen | undefined {
  const found = /^(?:(\[[0-9a-f:]+\]|[^:]+))?:(\d{1,5})$/.exec(text);
  const port = Number(found?.[2]);
  if (found === null || port < 1 || port > 65_535) return undefined;
  const host = found[1]?.replace(/^\[|\]$/g, "");
  return host === undefined ? { port } : { host, port };
}

export interface Pages {
  readonly contentType: string;
  readonly metrics: () => Promise<string>;
  /** Whether there is something to tell yet. */
  readonly ready: () => boolean;
}

/** Serves `/metrics`, and `/healthz` for probes. Nothing that a client sends is looked at besides the path. */
export async function serveMetrics({ host, port }: Listen, pages: Pages): Promise<Server> {
  const server = createServer((request, response) => {
    const answer = (status: number, text: string, type = "text/plain; charset=utf-8") => {
      response.writeHead(status, { "content-type": type }).end(text);
    };
    const path = request.url?.split("?")[0];
    if (path === "/healthz") return pages.ready() ? answer(200, "ok\n") : answer(503, "not ready yet\n");
    if (path !== "/metrics") return answer(404, "/metrics or /healthz\n");
    pages.metrics().then(
      (text) => answer(200, text, pages.contentType),
      () => answer(500, "see the log\n"),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return server;
}
