import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A request, and what came back. */
export interface Exchange {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** `undefined` where there was none, as for `answer`. */
  readonly body: unknown;
  readonly status: number;
  readonly answer: unknown;
}

export interface Recorder {
  readonly address: string;
  /** Those since the last call of this. */
  taken(): readonly Exchange[];
  close(): Promise<void>;
}

/** Stands in front of a server and writes down all that goes by. Connections are not kept: a test may be busy for long. */
export async function startRecorder(origin: string): Promise<Recorder> {
  let exchanges: Exchange[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const { method = "GET", url: path = "/", headers } = incoming;
    const sent = await text(incoming);
    const { status, retryAfter, got } = await passOn(`${origin}${path}`, method, headers, sent);
    exchanges.push({
      ...{ method, path, headers, body: parsed(sent) },
      ...{ status, answer: parsed(got) },
    });
    outgoing.writeHead(status, {
      ...{ "content-type": "application/json", connection: "close" },
      ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }),
    });
    outgoing.end(got);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken: () => {
      const taken = exchanges;
      exchanges = [];
      return taken;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function passOn(
  url: string,
  method: string,
  { host: _, connection: __, ...headers }: IncomingHttpHeaders,
  body: string,
) {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { method, headers, agent: false };
    request(url, options, resolve).on("error", reject).end(body);
  });
  const { statusCode: status = 0 } = answer;
  return { status, retryAfter: answer.headers["retry-after"], got: await text(answer) };
}

function parsed(sent: string): unknown {
  return sent === "" ? undefined : JSON.parse(sent);
}
