import { KubeConfig } from "@kubernetes/client-node";

/**
 * The cluster of a context of the usual kubeconfig, with the caller's own rights.
 * @param otherwise the option that makes the command do without it, or with another
 * @throws Error when the kubeconfig cannot be read or has no such context
 */
export function kubeConfigFor(context: string, otherwise: string): KubeConfig {
  const config = loadKubeConfig(otherwise);
  const known = config.getContexts().map(({ name }) => name);
  if (!known.includes(context)) {
    throw new Error(
      `kubernetes.context: found ${context}, which the kubeconfig does not have; it has: ${known.join(", ") || "none"}. ` +
        `Point KUBECONFIG to the file that has it, or use ${otherwise}`,
    );
  }
  config.setCurrentContext(context);
  return config;
}

function loadKubeConfig(otherwise: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch (error) {
    throw new Error(
      `The kubeconfig (KUBECONFIG, else ~/.kube/config) cannot be read: ${(error as Error).message}. Mend it, point ` +
        `KUBECONFIG to another, or use ${otherwise}`,
      { cause: error },
    );
  }
  return config;
}
