import { isNotFound, type KubeClient } from "../api/client.ts";
import type { ConfigMap, Container, Secret } from "../api/types.ts";
import { type References, referencedNames } from "../plan/env.ts";

/** Fetches the ConfigMaps and Secrets that a container's environment names. */
export async function fetchReferences(
  client: KubeClient,
  namespace: string,
  container: Container,
): Promise<References> {
  const { configMaps, secrets } = referencedNames(container);
  const fetch = async (kind: "configmaps" | "secrets", names: readonly string[]) =>
    new Map(
      await Promise.all(names.map(async (n) => [n, await getObject(client, namespace, kind, n)] as const)),
    );
  const [maps, values] = [await fetch("configmaps", configMaps), await fetch("secrets", secrets)];
  return { configMap: (name) => maps.get(name), secret: (name) => values.get(name) };
}

/** A ConfigMap or Secret; undefined when it does not exist. */
export async function getObject(
  client: KubeClient,
  namespace: string,
  kind: "configmaps" | "secrets",
  name: string,
): Promise<(ConfigMap & Secret) | undefined> {
  try {
    return await client.get<ConfigMap & Secret>(`/api/v1/namespaces/${namespace}/${kind}/${name}`);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
