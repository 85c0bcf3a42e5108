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
        vault: { ...vaultProvider(settings, store, role), path: namespace.mount },
      },
    },
  };
}

/** Vault's address and how ESO logs in there as a store's service account; `version` is what ESO's schema would default. */
export function vaultProvider<Role>(settings: Settings, store: StoreSettings, role: Role) {
  const bundle = caBundle(settings);
  return {
    server: settings.vault.address,
    version: "v2",
    ...(bundle === undefined ? {} : { caBundle: bundle }),
    auth: storeAuth(settings, store.serviceAccount, role),
  };
}

/** The CA that a store trusts, in base64; undefined where that is the system's. */
export function caBundle({ vault: { caCertificate } }: Settings): string | undefined {
  return caCertificate === undefined ? undefined : Buffer.from(caCertificate, "utf8").toString("base64");
}

/**
 * Whom the tokens are issued for that a store logs in with. kubernetes: Vault, and the API server, which reviews the
 * token. jwt: Vault alone.
 */
export function loginAudiences({
  vault: { auth },
  kubernetes,
}: Pick<Settings, "vault" | "kubernetes">): string[] {
  if (auth.method === "jwt") return [auth.audience];
  return [...new Set([auth.audience, ...kubernetes.apiAudiences.slice(0, 1)])];
}

/**
 * kubernetes: Vault lets the cluster review the token, and the token is its own reviewer's credential, so it must be
 * issued for Vault and for the API server both. jwt: Vault checks the signature itself, and a token that only Vault
 * accepts is enough. ESO adds `audiences` to those of `serviceAccountRef`, and takes [vault] when it is absent.
 */
function storeAuth<Role>(settings: Settings, serviceAccount: string, role: Role) {
  const { auth } = settings.vault;
  const audiences = loginAudiences(settings);
  if (auth.method === "jwt") {
    return {
      jwt: {
        path: auth.mount,
        role,
        kubernetesServiceAccountToken: {
          serviceAccountRef: { name: serviceAccount },
          audiences,
          expirationSeconds: LOGIN_TOKEN_SECONDS,
        },
      },
    };
  }
  return {
    kubernetes: { mountPath: auth.mount, role, serviceAccountRef: { name: serviceAccount, audiences } },
  };
}
