import type { NamespaceSettings, Settings, StoreSettings } from "../../config/schema.ts";
import { API_VERSION, ownLabels } from "./metadata.ts";

/** Seconds that a token lives with which ESO logs in: the least that Kubernetes issues, and ESO's own default. */
const LOGIN_TOKEN_SECONDS = 600;

/**
 * A SecretStore of a namespace: Vault's address and KV v2 mount, and how ESO logs in there as the store's own
 * service account. `role` is whatever stands for the role's name: a text, or an output of what creates it.
 */
export function storeManifest<Role>(
  settings: Settings,
  namespace: NamespaceSettings,
  store: StoreSettings,
  role: Role,
) {
  const { caCertificate } = settings.vault;
  return {
    apiVersion: API_VERSION,
    kind: "SecretStore",
    metadata: {
      name: store.name,
      namespace: namespace.name,
      labels: ownLabels(settings.environment),
    },
    spec: {
      provider: {
        vault: {
          server: settings.vault.address,
          path: namespace.mount,
          version: "v2",
          ...(caCertificate === undefined
            ? {}
            : { caBundle: Buffer.from(caCertificate, "utf8").toString("base64") }),
          auth: storeAuth(settings, store.serviceAccount, role),
        },
      },
    },
  };
}

/**
 * kubernetes: Vault lets the cluster review the token, and the token is its own reviewer's credential, so it must be
 * issued for Vault and for the API server both. jwt: Vault checks the signature itself, and a token that only Vault
 * accepts is enough. ESO adds `audiences` to those of `serviceAccountRef`, and takes [vault] when it is absent.
 */
function storeAuth<Role>({ vault: { auth }, kubernetes }: Settings, serviceAccount: string, role: Role) {
  if (auth.method === "jwt") {
    return {
      jwt: {
        path: auth.mount,
        role,
        kubernetesServiceAccountToken: {
          serviceAccountRef: { name: serviceAccount },
          audiences: [auth.audience],
          expirationSeconds: LOGIN_TOKEN_SECONDS,
        },
      },
    };
  }
  const audiences = [...new Set([auth.audience, ...kubernetes.apiAudiences.slice(0, 1)])];
  return {
    kubernetes: { mountPath: auth.mount, role, serviceAccountRef: { name: serviceAccount, audiences } },
  };
}
