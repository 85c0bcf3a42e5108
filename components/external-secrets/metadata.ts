/** API of the custom resources that this program writes; served by every ESO release since 0.16. */
export const API_VERSION = "external-secrets.io/v1";

/** API of what ESO calls generators. */
export const GENERATORS_API_VERSION = "generators.external-secrets.io/v1alpha1";

/** Label that says whose stack made an object: by it preflight tells this stack's own from others'. */
export const OWNER_LABEL = "vault-management/environment";

/** What marks a Kubernetes object as this stack's. */
export function ownLabels(environment: string): Readonly<Record<string, string>> {
  return {
    "app.kubernetes.io/managed-by": "vault-management",
    [OWNER_LABEL]: environment,
  };
}

/** Annotation of an ExternalSecret that says which versions of generated secrets it is to read. */
export const GENERATED_ANNOTATION = "vault-management/generated";
