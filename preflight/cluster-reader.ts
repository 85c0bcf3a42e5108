import { STATUS_CODES } from "node:http";
import * as k8s from "@kubernetes/client-node";
import { API_VERSION, GENERATORS_API_VERSION } from "../components/external-secrets/metadata.ts";

/** What preflight looks at of an object. */
export interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
}

/** A custom resource definition, with the versions that the API server serves. */
export interface Definition extends Labelled {
  readonly servedVersions: readonly string[];
}

/** An object by its name. */
export interface Named extends Labelled {
  readonly name: string;
}

/** Kinds that the program makes in namespaces which may belong to others. */
export type NamespacedKind = "ServiceAccount" | "SecretStore" | "ExternalSecret" | "VaultDynamicSecret";

/** Milliseconds for one request; the client itself would wait five minutes for an answer. */
const TIMEOUT_MS = 15_000;

/** Reads a cluster. Each method gives `undefined` for what is not there, and a text that says why it cannot be read. */
export class ClusterReader {
  readonly #version: k8s.VersionApi;
  readonly #core: k8s.CoreV1Api;
  readonly #extensions: k8s.ApiextensionsV1Api;
  readonly #custom: k8s.CustomObjectsApi;
  readonly #admission: k8s.AdmissionregistrationV1Api;

  constructor(config: k8s.KubeConfig) {
    const impatient = withTimeout(config);
    this.#version = new k8s.VersionApi(impatient);
    this.#core = new k8s.CoreV1Api(impatient);
    this.#extensions = new k8s.ApiextensionsV1Api(impatient);
    this.#custom = new k8s.CustomObjectsApi(impatient);
    this.#admission = new k8s.AdmissionregistrationV1Api(impatient);
  }

  /** Why the API does not serve us; `undefined` when it does. */
  async failure(): Promise<string | undefined> {
    const version = await attempt(() => this.#version.getCode());
    return typeof version === "object" ? undefined : (version ?? "404, which no Kubernetes API gives");
  }

  async namespace(name: string): Promise<Labelled | string | undefined> {
    const found = await attempt(() => this.#core.readNamespace({ name }));
    return typeof found === "object" ? { labels: found.metadata?.labels ?? {} } : found;
  }

  async objects(kind: NamespacedKind, namespace: string): Promise<readonly Named[] | string | undefined> {
    return namedOf(await attempt(() => this.#list(kind, namespace)));
  }

  async admissionPolicies(): Promise<readonly Named[] | string | undefined> {
    return namedOf(await attempt(() => this.#admission.listValidatingAdmissionPolicy()));
  }

  async #list(kind: NamespacedKind, namespace: string): Promise<ObjectList> {
    if (kind === "ServiceAccount") return this.#core.listNamespacedServiceAccount({ namespace });
    const plural = `${kind.toLowerCase()}s`;
    const generator = kind === "VaultDynamicSecret";
    const [group = "", version = ""] = (generator ? GENERATORS_API_VERSION : API_VERSION).split("/");
    return this.#custom.listNamespacedCustomObject({ group, version, namespace, plural });
  }

  async definition(name: string): Promise<Definition | string | undefined> {
    const found = await attempt(() => this.#extensions.readCustomResourceDefinition({ name }));
    if (typeof found !== "object") return found;
    return {
      labels: found.metadata?.labels ?? {},
      servedVersions: found.spec.versions.filter(({ served }) => served).map((version) => version.name),
    };
  }
}

interface ObjectList {
  readonly items?: readonly { readonly metadata?: k8s.V1ObjectMeta }[];
}

function namedOf(found: ObjectList | string | undefined): readonly Named[] | string | undefined {
  if (typeof found !== "object") return found;
  return (found.items ?? []).map(({ metadata }) => ({
    name: metadata?.name ?? "",
    labels: metadata?.labels ?? {},
  }));
}

/** What a request gives; `undefined` for 404, and a text that says why for any other failure. */
export async function attempt<T extends object>(read: () => Promise<T>): Promise<T | string | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof k8s.ApiException)) return reason(error);
    if (error.code === 404) return undefined;
    return `${error.code} ${messageOf(error.body) || STATUS_CODES[error.code]}`;
  }
}

/** `fetch failed` says nothing; its cause does. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof AggregateError) return reason(cause.errors[0]);
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}

/** The `message` of a Kubernetes Status, which the client hands over as text, parsed, or (for 401) not at all. */
function messageOf(body: unknown): string {
  const status = typeof body === "string" ? parse(body) : body;
  return typeof status === "object" && status !== null && "message" in status ? String(status.message) : "";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a proxy's page: the code says all there is
  }
}

/** What `makeApiClient` would give, with a limit to each request, in milliseconds. */
export function withTimeout(config: k8s.KubeConfig, timeoutMs = TIMEOUT_MS): k8s.Configuration {
  const limit: k8s.Middleware = {
    pre: async (request) => {
      request.setSignal(AbortSignal.timeout(timeoutMs));
      return request;
    },
    post: async (response) => response,
  };
  return k8s.createConfiguration({
    baseServer: new k8s.ServerConfiguration(config.getCurrentCluster()?.server ?? "", {}),
    authMethods: { default: config },
    promiseMiddleware: [limit],
  });
}
