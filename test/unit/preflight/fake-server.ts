import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type Answer = readonly [status: number, body: unknown];

/** An HTTP server on loopback that answers `METHOD /path` as told, and 404 to all else. */
export interface FakeServer {
  readonly address: string;
  /** What was asked, in order, as `METHOD /path`. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Vault and the Kubernetes API alike: both answer JSON. */
export async function fakeServer(answers: Readonly<Record<string, Answer>>): Promise<FakeServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const asked = `${request.method} ${request.url}`;
    requests.push(asked);
    const [status, body] = answers[asked] ?? [404, { errors: [], message: "not found" }];
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
