import { readFile } from "node:fs/promises";
import {
  ApiException,
  KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  PatchStrategy,
} from "@kubernetes/client-node";
import { parseAllDocuments } from "yaml";
import { KubernetesClient } from "../../../sandbox/engine/direct/kubernetes-client.ts";
import { until } from "../../../sandbox/processes/until.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";

/** An object of any kind, with whatever it holds. */
export type Anything = KubernetesObject & { readonly [field: string]: unknown };

/** `accepted`, or the API server's own words. */
export type Answer = string;
export const accepted = "accepted";

/** Asks the API server, as one of its users, what it would do; changes nothing. */
export class DryRuns {
  readonly #api: KubernetesObjectApi;

  /** @param token whose to ask as, instead of the file's user */
  constructor(kubeconfig: string, token?: string) {
    const config = configOf(kubeconfig);
    const cluster = config.getCurrentCluster();
    if (token !== undefined && cluster !== null)
      config.loadFromClusterAndUser(cluster, { name: "token", token });
    this.#api = KubernetesObjectApi.makeApiClient(config);
  }

  create(object: Anything): Promise<Answer> {
    return answered(() => this.#api.create(object, undefined, "All"));
  }

  replace(object: Anything): Promise<Answer> {
    return answered(() => this.#api.replace(object, undefined, "All"));
  }

  /** @param object what names it, and what is merged into it */
  patch(object: Anything): Promise<Answer> {
    const { MergePatch } = PatchStrategy;
    return answered(() => this.#api.patch(object, undefined, "All", undefined, undefined, MergePatch));
  }

  delete(object: Anything): Promise<Answer> {
    return answered(() => this.#api.delete(object, undefined, "All"));
  }
}

function configOf(kubeconfig: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return config;
}

async function answered(ask: () => Promise<unknown>): Promise<Answer> {
  try {
    await ask();
    return accepted;
  } catch (error) {
    return error instanceof ApiException ? statusMessage(error.body) : String(error);
  }
}

/** The message of a Kubernetes Status; what is none, such as the page for an unknown path, as it is. */
function statusMessage(body: unknown): string {
  try {
    const { message }: { readonly message?: unknown } =
      typeof body === "string" ? JSON.parse(body) : Object(body);
    return String(message);
  } catch {
    return String(body);
  }
}

/** Reads and writes objects as the cluster's administrator, whole: the typed client would lose parts of definitions. */
export async function asAdministrator<T>(
  { kubernetes }: RunningSandbox,
  work: (client: KubernetesClient) => Promise<T>,
): Promise<T> {
  const client = await KubernetesClient.connect(configOf(kubernetes.kubeconfigs.admin));
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** An object of ESO's as it stands there. */
export async function live(sandbox: RunningSandbox, kind: string, name: string): Promise<Anything> {
  const apiVersion = "external-secrets.io/v1";
  const found = await asAdministrator(sandbox, (client) =>
    client.read({ apiVersion, kind, name, namespace: "llm" }),
  );
  if (found === undefined) throw new Error(`no ${kind} llm/${name}`);
  return found;
}

/** ESO's definitions of those kinds, as its release ships them but for the conversion webhook. */
export async function definitionsOf(
  { toolchain }: RunningSandbox,
  kinds: readonly string[],
): Promise<readonly Anything[]> {
  const documents = parseAllDocuments(await readFile(toolchain.crds, "utf8"));
  const definitions: (Anything & { readonly spec: { readonly names: { readonly kind: string } } })[] = (
    Array.isArray(documents) ? documents : []
  ).map((one) => one.toJSON());
  return definitions
    .filter(({ spec }) => kinds.includes(spec.names.kind))
    .map((one) => ({ ...one, spec: { ...one.spec, conversion: { strategy: "None" } } }));
}

/** Until the API server gives that answer: a kind is served, a policy followed, about a second after it was written. */
export function untilAnswer(what: string, ask: () => Promise<Answer>, expected: RegExp): Promise<Answer> {
  return until(what, { deadlineMs: 30_000, intervalMs: 200 }, async () => {
    const answer = await ask();
    return expected.test(answer) ? answer : undefined;
  });
}
