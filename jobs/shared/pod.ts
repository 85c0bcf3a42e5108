import { readFile } from "node:fs/promises";
import { join } from "node:path";

const SERVICE_ACCOUNT_DIR = "/var/run/secrets/kubernetes.io/serviceaccount";

/** How a pod reaches its API server. */
export interface ClusterConnection {
  readonly address: string;
  readonly caPem: string;
  readonly token: string;
}

/**
 * As every pod is told: by KUBERNETES_SERVICE_HOST and _PORT, and by the files of SERVICE_ACCOUNT_DIR (@default where pods
 * have them), whose token the kubelet replaces while the pod runs.
 */
export async function clusterConnection(env: NodeJS.ProcessEnv): Promise<ClusterConnection> {
  const folder = env.SERVICE_ACCOUNT_DIR ?? SERVICE_ACCOUNT_DIR;
  const [caPem, token] = await Promise.all([
    readFile(join(folder, "ca.crt"), "utf8"),
    readFile(join(folder, "token"), "utf8"),
  ]);
  const { KUBERNETES_SERVICE_HOST: host = "kubernetes.default.svc", KUBERNETES_SERVICE_PORT: port = "443" } =
    env;
  return {
    address: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    caPem,
    token: token.trim(),
  };
}
