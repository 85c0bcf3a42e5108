import type { RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { Agent, request } from "undici";

type Fields = Readonly<Record<string, unknown>>;

/** A Kubernetes object by what identifies it. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** Which of the objects of a kind: those of one namespace, those with these labels. @default all */
export interface Selection {
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** An answer of the API server with an error status; the message is the server's own. */
export class KubernetesError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "KubernetesError";
    this.status = status;
  }
}

/** The API server could not be reached at all: no route, refused, wrong CA, or no answer in time. */
export class KubernetesUnreachableError extends Error {
  constructor(server: string, cause: unknown) {
    super(`The API server at ${server} cannot be reached: ${reason(cause)}`, { cause });
    this.name = "KubernetesUnreachableError";
  }
}

export type KubernetesMethod = "GET" | "PATCH" | "DELETE";

interface Kind {
  readonly plural: string;
  readonly namespaced: boolean;
}

/** What a server and the right to ask it come to. */
export interface KubernetesConnection {
  readonly server: string;
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string>>;
}

/** Milliseconds for one request. */
const TIMEOUT_MS = 15_000;

/** How the current context's server is reached and asked: by certificate, token or a credential plugin. */
export async function kubernetesConnection(config: KubeConfig): Promise<KubernetesConnection> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key, servername, rejectUnauthorized = true } = options;
  return {
    server: String(config.getCurrentCluster()?.server).replace(/\/+$/, ""),
    agent: new Agent({
      connect: {
        ...{ ca, cert, key, rejectUnauthorized, timeout: TIMEOUT_MS },
        ...(servername === undefined ? {} : { servername }),
      },
    }),
    headers: (options.headers ?? {}) as Readonly<Record<string, string>>,
  };
}

/**
 * Reads objects of any kind. JSON goes through as it is: the typed client of the library would drop the fields of custom
 * resources and CRD schemas that it does not know. `read` gives `undefined`, and `list` nothing, for what is not there,
 * the kind included; every other error status is a {@link KubernetesError}.
 */
export class KubernetesReader {
  readonly #connection: KubernetesConnection;
  readonly #kinds = new Map<string, Kind>();

  constructor(connection: KubernetesConnection) {
    this.#connection = connection;
  }

  async read(ref: ObjectRef): Promise<Fields | undefined> {
    const path = await this.pathOf(ref);
    return path === undefined ? undefined : orMissing(() => this.send("GET", path));
  }

  /** The objects of a kind, each with its `apiVersion` and `kind`, which the API server leaves out of lists. */
  async list(apiVersion: string, kind: string, selection: Selection = {}): Promise<readonly Fields[]> {
    const known = await this.#kind(apiVersion, kind);
    if (known === undefined) return [];
    const { namespace, labels = {} } = selection;
    const selector = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    const within = namespace === undefined ? "" : `/namespaces/${namespace}`;
    const query = selector.length === 0 ? "" : `?labelSelector=${encodeURIComponent(selector.join(","))}`;
    const { items } = await this.send("GET", `${groupPath(apiVersion)}${within}/${known.plural}${query}`);
    return Array.isArray(items) ? items.map((item) => ({ ...asFields(item), apiVersion, kind })) : [];
  }

  async close(): Promise<void> {
    await this.#connection.agent.close();
  }

  /** `undefined` while the kind is not served. */
  protected async pathOf(ref: ObjectRef): Promise<string | undefined> {
    const kind = await this.#kind(ref.apiVersion, ref.kind);
    if (kind === undefined) return undefined;
    const namespace = kind.namespaced ? `/namespaces/${ref.namespace ?? "default"}` : "";
    return `${groupPath(ref.apiVersion)}${namespace}/${kind.plural}/${encodeURIComponent(ref.name)}`;
  }

  protected async send(method: KubernetesMethod, path: string, body?: Fields): Promise<Fields> {
    const { server, agent, headers } = this.#connection;
    const [status, text] = await this.#answer(() =>
      request(`${server}${path}`, {
        method,
        dispatcher: agent,
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
        headers: {
          ...headers,
          Accept: "application/json",
          ...(body === undefined ? {} : { "Content-Type": "application/apply-patch+yaml" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
    const json = asFields(parse(text));
    if (status < 400) return json;
    throw new KubernetesError(status, String(json.message ?? `status ${status}`));
  }

  async #answer(ask: () => ReturnType<typeof request>): Promise<readonly [number, string]> {
    try {
      const answer = await ask();
      return [answer.statusCode, await answer.body.text()];
    } catch (error) {
      throw new KubernetesUnreachableError(this.#connection.server, error);
    }
  }

  async #kind(apiVersion: string, kind: string): Promise<Kind | undefined> {
    const key = `${apiVersion} ${kind}`;
    const known = this.#kinds.get(key);
    if (known !== undefined) return known;
    const answer = await orMissing(() => this.send("GET", groupPath(apiVersion)));
    const resources = Array.isArray(answer?.resources) ? answer.resources.map(asFields) : [];
    for (const resource of resources) {
      const plural = String(resource.name);
      if (plural.includes("/")) continue; // a subresource
      this.#kinds.set(`${apiVersion} ${resource.kind}`, {
        plural,
        namespaced: resource.namespaced === true,
      });
    }
    return this.#kinds.get(key);
  }
}

export function refOf(object: Fields): ObjectRef {
  const metadata = asFields(object.metadata);
  const namespace = metadata.namespace;
  return {
    apiVersion: String(object.apiVersion),
    kind: String(object.kind),
    name: String(metadata.name),
    ...(typeof namespace === "string" ? { namespace } : {}),
  };
}

/** What a request gives; `undefined` for 404. */
export async function orMissing(send: () => Promise<Fields>): Promise<Fields | undefined> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 404) return undefined;
    throw error;
  }
}

function groupPath(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

function asFields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not the API server's own answer: the status says all there is
  }
}

function reason(cause: unknown): string {
  if (cause instanceof AggregateError) return reason(cause.errors[0]);
  return cause instanceof Error ? cause.message || String((cause as { code?: unknown }).code) : String(cause);
}
