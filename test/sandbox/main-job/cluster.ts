import {
  ApiException,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
} from "@kubernetes/client-node";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";

const externalSecrets = { group: "external-secrets.io", version: "v1", plural: "externalsecrets" } as const;

export interface ServiceAccountRef {
  readonly namespace: string;
  readonly name: string;
}

/** The sandbox's Kubernetes API, as its administrator or with a service account's token. */
export class Cluster {
  readonly #core: CoreV1Api;
  readonly #objects: CustomObjectsApi;

  constructor(sandbox: RunningSandbox, token?: string) {
    const config = new KubeConfig();
    config.loadFromFile(sandbox.kubernetes.kubeconfigs.admin);
    const cluster = config.getCluster(sandbox.kubernetes.context);
    if (token !== undefined && cluster !== null)
      config.loadFromClusterAndUser(cluster, { name: "token", token });
    this.#core = config.makeApiClient(CoreV1Api);
    this.#objects = config.makeApiClient(CustomObjectsApi);
  }

  /** The decoded data of a Secret, or `undefined` if there is none. */
  async secret(namespace: string, name: string): Promise<Readonly<Record<string, string>> | undefined> {
    const found = await orMissing(() => this.#core.readNamespacedSecret({ namespace, name }));
    if (found === undefined) return undefined;
    const decoded = Object.entries(found.data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, "base64").toString("utf8"),
    ]);
    return Object.fromEntries(decoded);
  }

  async hasNamespace(name: string): Promise<boolean> {
    return (await orMissing(() => this.#core.readNamespace({ name }))) !== undefined;
  }

  async hasExternalSecret(namespace: string, name: string): Promise<boolean> {
    const at = { ...externalSecrets, namespace, name };
    return (await orMissing(() => this.#objects.getNamespacedCustomObject(at))) !== undefined;
  }

  /** When ESO last brought an ExternalSecret's values. */
  async refreshTime(namespace: string, name: string): Promise<string | undefined> {
    const at = { ...externalSecrets, namespace, name };
    const found = (await this.#objects.getNamespacedCustomObject(at)) as {
      readonly status?: { readonly refreshTime?: string };
    };
    return found.status?.refreshTime;
  }

  /** Makes ESO read Vault now instead of at the next refreshInterval; of a store, look at it. */
  async forceSync(
    namespace: string,
    name: string,
    plural: "externalsecrets" | "secretstores" = "externalsecrets",
  ): Promise<void> {
    const annotations = { "force-sync": String(performance.now()) };
    await this.#objects.patchNamespacedCustomObject(
      { ...externalSecrets, plural, namespace, name, body: { metadata: { annotations } } },
      setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
    );
  }

  async serviceAccounts(): Promise<readonly ServiceAccountRef[]> {
    const { items } = await this.#core.listServiceAccountForAllNamespaces();
    return items.map(({ metadata }) => ({
      namespace: metadata?.namespace ?? "",
      name: metadata?.name ?? "",
    }));
  }

  /** A token of a service account; fails with the API server's own answer when it may not be made. */
  async token({ namespace, name }: ServiceAccountRef, audiences: readonly string[] = []): Promise<string> {
    const spec = { audiences: [...audiences], expirationSeconds: 600 };
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec };
    const answer = await this.#core.createNamespacedServiceAccountToken({ namespace, name, body });
    return answer.status?.token ?? "";
  }

  /** Whether a token of that service account can be made. */
  async canMint(account: ServiceAccountRef): Promise<boolean> {
    try {
      return (await this.token(account)) !== "";
    } catch (error) {
      if (error instanceof ApiException && error.code === 403) return false;
      throw error;
    }
  }
}

async function orMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return undefined;
    throw error;
  }
}
