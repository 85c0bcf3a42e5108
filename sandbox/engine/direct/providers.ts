import { readFile } from "node:fs/promises";
import { KubeConfig } from "@kubernetes/client-node";
import { VaultClient } from "../../../clients/vault.ts";
import { type Fields, requiredText } from "../../../resources/values.ts";
import { requireLoopback } from "../loopback.ts";
import { KubernetesClient } from "./kubernetes-client.ts";

/** The clients of the provider resources that the program has made, by the reference that resources name them with. */
export class Providers {
  readonly #vaults = new Map<string, VaultClient>();
  readonly #clusters = new Map<string, KubernetesClient>();

  /** @param id the id that was given to the provider resource: references to it end with it */
  async add(type: string, id: string, inputs: Fields): Promise<void> {
    if (type === "pulumi:providers:vault") this.#vaults.set(id, await vaultClient(inputs));
    else if (type === "pulumi:providers:kubernetes") this.#clusters.set(id, await kubernetesClient(inputs));
    // Makes random values, from nowhere.
    else if (type !== "pulumi:providers:random")
      throw new Error(
        `the direct engine knows no provider ${type}: add it to sandbox/engine/direct/providers.ts`,
      );
  }

  vault(reference: string | undefined): VaultClient {
    return found(this.#vaults, reference, "vault");
  }

  kubernetes(reference: string | undefined): KubernetesClient {
    return found(this.#clusters, reference, "kubernetes");
  }

  all(): { readonly vaults: readonly VaultClient[]; readonly clusters: readonly KubernetesClient[] } {
    return { vaults: [...this.#vaults.values()], clusters: [...this.#clusters.values()] };
  }

  async close(): Promise<void> {
    const { vaults, clusters } = this.all();
    await Promise.all([...vaults, ...clusters].map((client) => client.close()));
  }
}

function found<Client>(
  clients: ReadonlyMap<string, Client>,
  reference: string | undefined,
  kind: string,
): Client {
  const client = clients.get(reference?.split("::").at(-1) ?? "");
  if (client === undefined) {
    throw new Error(
      `it names no ${kind} provider: default providers are off, so pass the provider or its parent's`,
    );
  }
  return client;
}

async function vaultClient(inputs: Fields): Promise<VaultClient> {
  const address = requiredText(inputs, "address");
  requireLoopback({ "address of the Vault provider": address });
  const caFile = inputs.caCertFile ?? process.env.VAULT_CACERT;
  const token = process.env.VAULT_TOKEN;
  return new VaultClient({
    address,
    ...(typeof caFile === "string" ? { caPem: await readFile(caFile, "utf8") } : {}),
    ...(token === undefined ? {} : { token }),
  });
}

async function kubernetesClient(inputs: Fields): Promise<KubernetesClient> {
  const config = new KubeConfig();
  config.loadFromDefault();
  config.setCurrentContext(requiredText(inputs, "context"));
  return KubernetesClient.connect(config);
}
