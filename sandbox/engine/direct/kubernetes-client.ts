import type { RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { Agent, request } from "undici";
import { until } from "../../processes/until.ts";
import { requireLoopback } from "../loopback.ts";
import { type Fields, fieldsOf } from "./values.ts";

/** Between two looks at what the server has no event for. */
const intervalMs = 200;

/** Field manager of everything that this engine applies. */
export const fieldManager = "sandbox.vault-management";

/** A Kubernetes object by what identifies it. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
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

interface Kind {
  readonly plural: string;
  readonly namespaced: boolean;
}

/**
 * A few operations on objects of any kind. JSON goes through as it is: the typed client of the library would drop the
 * fields of custom resources and CRD schemas that it does not know.
 */
export class KubernetesClient {
  readonly #server: string;
  readonly #agent: Agent;
  readonly #kinds = new Map<string, Kind>();

  private constructor(server: string, agent: Agent) {
    this.#server = server;
    this.#agent = agent;
  }

  /** A client for the current context, whose server must be on loopback. */
  static async connect(config: KubeConfig): Promise<KubernetesClient> {
    const server = config.getCurrentCluster()?.server;
    requireLoopback({ [`server of the context ${config.getCurrentContext()}`]: server });
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const { ca, cert, key } = options;
    return new KubernetesClient(String(server), new Agent({ connect: { ca, cert, key } }));
  }

  async read(ref: ObjectRef): Promise<Fields | undefined> {
    const path = await this.#pathOf(ref);
    return path === undefined ? undefined : orMissing(() => this.#send("GET", path));
  }

  /** Server-side apply; takes over fields that another manager holds. Waits for the kind to be served. */
  async apply(object: Fields): Promise<Fields> {
    const ref = refOf(object);
    // A kind whose CRD was just established is served moments later.
    const path = await until(
      `the API server served ${ref.apiVersion} ${ref.kind}`,
      { deadlineMs: 30_000, intervalMs },
      () => this.#pathOf(ref),
    );
    return this.#send("PATCH", `${path}?fieldManager=${fieldManager}&force=true`, object);
  }

  /** All objects of a kind that have the label, in one namespace or in all; none where the kind is not served. */
  async labelled(
    apiVersion: string,
    kind: string,
    label: string,
    value: string,
    namespace?: string,
  ): Promise<readonly Fields[]> {
    const known = await this.#kind(apiVersion, kind);
    if (known === undefined) return [];
    const selector = encodeURIComponent(`${label}=${value}`);
    const within = namespace === undefined ? "" : `/namespaces/${namespace}`;
    const list = await this.#send(
      "GET",
      `${groupPath(apiVersion)}${within}/${known.plural}?labelSelector=${selector}`,
    );
    const items = list.items;
    return Array.isArray(items) ? items.map((item) => ({ ...fieldsOf(item), apiVersion, kind })) : [];
  }

  /** The objects of a kind in one namespace. */
  async list(apiVersion: string, kind: string, namespace: string): Promise<readonly Fields[]> {
    const known = await this.#kind(apiVersion, kind);
    if (known === undefined) return [];
    const list = await this.#send("GET", `${groupPath(apiVersion)}/namespaces/${namespace}/${known.plural}`);
    const items = list.items;
    return Array.isArray(items) ? items.map(fieldsOf) : [];
  }

  /** Deletes and waits until it is gone, finalizers included. */
  async delete(ref: ObjectRef, timeoutMs: number): Promise<void> {
    const path = await this.#pathOf(ref);
    if (path === undefined) return;
    await orMissing(() => this.#send("DELETE", path));
    await until(`${ref.kind} ${ref.name} was gone`, { deadlineMs: timeoutMs, intervalMs }, async () =>
      (await this.read(ref)) === undefined ? true : undefined,
    );
  }

  async close(): Promise<void> {
    await this.#agent.close();
  }

  async #pathOf(ref: ObjectRef): Promise<string | undefined> {
    const kind = await this.#kind(ref.apiVersion, ref.kind);
    if (kind === undefined) return undefined;
    const namespace = kind.namespaced ? `/namespaces/${ref.namespace ?? "default"}` : "";
    return `${groupPath(ref.apiVersion)}${namespace}/${kind.plural}/${encodeURIComponent(ref.name)}`;
  }

  async #kind(apiVersion: string, kind: string): Promise<Kind | undefined> {
    const key = `${apiVersion} ${kind}`;
    const known = this.#kinds.get(key);
    if (known !== undefined) return known;
    const answer = await orMissing(() => this.#send("GET", groupPath(apiVersion)));
    const resources = Array.isArray(answer?.resources) ? answer.resources.map(fieldsOf) : [];
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

  /** Asked again while the API server says 429: it prepares the storage of a kind that was defined a moment ago. */
  async #send(method: Method, path: string, body?: Fields): Promise<Fields> {
    const outcome = await until(
      `${method} ${path} was served`,
      { deadlineMs: 30_000, intervalMs },
      async () => {
        try {
          return { answer: await this.#sendOnce(method, path, body) };
        } catch (error) {
          if (error instanceof KubernetesError && error.status === 429) return undefined;
          throw error;
        }
      },
    );
    return outcome.answer;
  }

  async #sendOnce(method: Method, path: string, body?: Fields): Promise<Fields> {
    const answer = await request(`${this.#server}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: {
        Accept: "application/json",
        ...(body === undefined ? {} : { "Content-Type": "application/apply-patch+yaml" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    const json = fieldsOf(parse(text));
    if (answer.statusCode < 400) return json;
    throw new KubernetesError(answer.statusCode, String(json.message ?? `status ${answer.statusCode}`));
  }
}

type Method = "GET" | "PATCH" | "DELETE";

export function refOf(object: Fields): ObjectRef {
  const metadata = fieldsOf(object.metadata);
  const namespace = metadata.namespace;
  return {
    apiVersion: String(object.apiVersion),
    kind: String(object.kind),
    name: String(metadata.name),
    ...(typeof namespace === "string" ? { namespace } : {}),
  };
}

async function orMissing(send: () => Promise<Fields>): Promise<Fields | undefined> {
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not the API server's own answer: the status says all there is
  }
}
