import * as k8s from "@kubernetes/client-node";
import { attempt, withTimeout } from "../../../preflight/cluster-reader.ts";

/** Seconds that a token lives that is made for the check: the least that Kubernetes issues. */
const TOKEN_SECONDS = 600;

/** A service account's token; or, in words, why there is none. */
export type MintedToken =
  | { readonly token: string }
  /** The cluster has no such service account. */
  | { readonly absent: string }
  /** We may not make it, or the cluster cannot be asked. */
  | { readonly failure: string };

export type Mint = (
  namespace: string,
  serviceAccount: string,
  audiences: readonly string[],
) => Promise<MintedToken>;

/**
 * Makes tokens of service accounts (TokenRequest) by the usual kubeconfig (KUBECONFIG, else `~/.kube/config`).
 * @throws Error when the kubeconfig cannot be read or has no such context
 */
export function tokenMinter(context: string): Mint {
  const config = new k8s.KubeConfig();
  config.loadFromDefault();
  const known = config.getContexts().map(({ name }) => name);
  if (!known.includes(context)) {
    throw new Error(
      `The kubeconfig has no context ${context}. It has: ${known.join(", ") || "none"}. Name the auditor's with --context ` +
        "(by default it is the stack's kubernetes.context), or point KUBECONFIG to the file that has it.",
    );
  }
  config.setCurrentContext(context);
  const core = new k8s.CoreV1Api(withTimeout(config));
  return async (namespace, name, audiences) => {
    const body = { spec: { audiences: [...audiences], expirationSeconds: TOKEN_SECONDS } };
    const answer = await attempt(() => core.createNamespacedServiceAccountToken({ namespace, name, body }));
    if (answer === undefined) return { absent: `there is no service account ${namespace}/${name}` };
    if (typeof answer === "string") return { failure: answer };
    return { token: answer.status?.token ?? "" };
  };
}
