/** API of the custom resources that this program writes; served by every ESO release since 0.16. */
export const API_VERSION = "external-secrets.io/v1";

/** What marks a Kubernetes object as this stack's. */
export function ownLabels(environment: string): Readonly<Record<string, string>> {
  return {
    "app.kubernetes.io/managed-by": "vault-management",
    "vault-management/environment": environment,
  };
}
