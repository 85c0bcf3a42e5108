import { KubeConfig } from "@kubernetes/client-node";
import type { Settings } from "../../config/schema.ts";

/**
 * The cluster that the stack names, with the caller's own rights.
 * @throws Error when the kubeconfig cannot be read or has no such context
 */
export function kubeConfigFor({ kubernetes: { context } }: Pick<Settings, "kubernetes">): KubeConfig {
  const config = loadKubeConfig();
  const known = config.getContexts().map(({ name }) => name);
  if (!known.includes(context)) {
    throw new Error(
      `kubernetes.context: found ${context}, which the kubeconfig does not have; it has: ${known.join(", ") || "none"}. ` +
        "Point KUBECONFIG to the file that has it, or use --vault-only",
    );
  }
  config.setCurrentContext(context);
  return config;
}

function loadKubeConfig(): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch (error) {
    throw new Error(
      `The kubeconfig (KUBECONFIG, else ~/.kube/config) cannot be read: ${(error as Error).message}. Mend it, point ` +
        "KUBECONFIG to another, or use --vault-only",
      { cause: error },
    );
  }
  return config;
}
