import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import { type Anything, asAdministrator } from "../admission/ground.ts";
import type { Edit } from "../main-job/ground.ts";
import { withoutSecrets, withPki } from "../pki/ground.ts";
import { certificatesOf } from "./pem.ts";

/** Mounts of these tests alone, gone after them: other tests make a CA from its first generation too. */
export const mounts = { root: "tls-root", intermediate: "tls-int" } as const;

const ownMounts: Edit = {
  pki: { root: { mount: mounts.root }, intermediate: { mount: mounts.intermediate } },
};

/** The gateway's certificate, of a CA of these generations. */
export function certificateStack(
  certificate: Edit = {},
  generations: Parameters<typeof withPki>[0] = {},
): readonly Edit[] {
  return [withoutSecrets, withPki(generations, { ttl: "2h", ...certificate }), ownMounts];
}

/** The same stack without a CA or a certificate. */
export const withoutCertificates: Edit = { namespaces: { llm: { store: {}, services: undefined } } };

/** What ESO has written. */
export interface TlsSecret {
  readonly type: string;
  readonly keys: readonly string[];
  /** PEM, the leaf first. */
  readonly certificates: readonly string[];
  readonly privateKey: string;
  readonly trusted: string;
}

/** The Secret as it stands in the cluster; none before ESO has written it. */
export async function tlsSecret({ kubernetes }: RunningSandbox): Promise<TlsSecret | undefined> {
  const config = new KubeConfig();
  config.loadFromFile(kubernetes.kubeconfigs.admin);
  const { items } = await config
    .makeApiClient(CoreV1Api)
    .listNamespacedSecret({ namespace: "llm", fieldSelector: "metadata.name=gateway-tls" });
  const [found] = items;
  if (found === undefined) return undefined;
  const data = Object.fromEntries(
    Object.entries(found.data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
  );
  return {
    type: found.type ?? "",
    keys: Object.keys(data).toSorted(),
    certificates: certificatesOf(data["tls.crt"] ?? ""),
    privateKey: data["tls.key"] ?? "",
    trusted: data["ca.crt"] ?? "",
  };
}

/** The generator as it stands in the cluster. */
export async function liveGenerator(sandbox: RunningSandbox): Promise<Anything | undefined> {
  return asAdministrator(sandbox, (client) =>
    client.read({
      apiVersion: "generators.external-secrets.io/v1alpha1",
      kind: "VaultDynamicSecret",
      name: "gateway-tls",
      namespace: "llm",
    }),
  );
}
