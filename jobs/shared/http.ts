import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface HttpRequest {
  readonly method: HttpMethod;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** `undefined` where the answer is not JSON. */
  readonly json: unknown;
}

/** There was no answer: no route, refused, wrong CA, cut off, or too late. Whether the request was carried out is unknown. */
export class NoAnswerError extends Error {
  constructor({ method, url }: HttpRequest, cause: unknown) {
    const { host } = new URL(url);
    super(`no answer from ${host} to ${method}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = "NoAnswerError";
  }
}

/** Told of each request once it was answered, or was not. */
export type Watch = (request: HttpRequest, answer: HttpAnswer | undefined) => void;

/** Far above any answer that is asked for. */
const MOST_BYTES = 16 * 2 ** 20;

/**
 * JSON over HTTP, each request on a connection of its own: a kept one that the other side has just closed would lose a
 * request that must not be sent twice. Redirects are answers like any other.
 */
export class HttpClient {
  readonly #timeoutMs: number;
  readonly #watch: Watch;
  readonly #http = new HttpAgent();
  readonly #https: HttpsAgent;

  /** @param caPem certificates to trust instead of the system's */
  constructor({
    timeoutMs,
    caPem,
    watch = () => {},
  }: {
    readonly timeoutMs: number;
    readonly caPem?: string;
    readonly watch?: Watch;
  }) {
    this.#timeoutMs = timeoutMs;
    this.#watch = watch;
    this.#https = new HttpsAgent(caPem === undefined ? {} : { ca: caPem });
  }

  /** @throws NoAnswerError */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    try {
      const answer = await this.#exchange(request);
      this.#watch(request, answer);
      return answer;
    } catch (cause) {
      this.#watch(request, undefined);
      throw new NoAnswerError(request, cause);
    }
  }

  #exchange({ method, url, headers = {}, body }: HttpRequest): Promise<HttpAnswer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const secure = url.startsWith("https:");
    const options = {
      method,
      agent: secure ? this.#https : this.#http,
      signal: AbortSignal.timeout(this.#timeoutMs),
      headers: {
        accept: "application/json",
        ...(text === undefined
          ? {}
          : { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) }),
        ...headers,
      },
    };
    return new Promise((resolve, reject) => {
      const sent = (secure ? httpsRequest : httpRequest)(url, options, async (answer) => {
        try {
          const chunks: Buffer[] = [];
          let bytes = 0;
          for await (const chunk of answer as AsyncIterable<Buffer>) {
            bytes += chunk.length;
            if (bytes > MOST_BYTES) throw new Error(`an answer of more than ${MOST_BYTES} bytes`);
            chunks.push(chunk);
          }
          const body = Buffer.concat(chunks).toString("utf8");
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            text: body,
            json: parsed(body),
          });
        } catch (error) {
          reject(error);
        }
      });
      sent.on("error", reject);
      sent.end(text);
    });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // empty, or a proxy's page: the status says all there is
  }
}
