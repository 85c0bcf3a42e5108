import { requestPath } from "../../config/reads.ts";
import type { GeneratorSettings, NamespaceSettings, Settings, StoreSettings } from "../../config/schema.ts";
import { GENERATORS_API_VERSION, ownLabels } from "./metadata.ts";
import { vaultProvider } from "./store.ts";

/**
 * A VaultDynamicSecret: what ESO asks of one of Vault's engines for an ExternalSecret, at each of its refreshes, with a
 * login of its own as the store's service account. What ESO 0.20.4 does with it (pkg/generator/vault, and its provider's
 * NewGeneratorClient), which decides what may be declared:
 *
 * - It never ends the login's token, as it does that of a store: the token lives for the role's `tokenTtl`, and what the
 *   engine leased to it dies with it. A lease therefore ends after the shorter of its own TTL and `tokenTtl`.
 * - It renews nothing and revokes nothing: each refresh asks anew, and what was given before lives on until its lease ends.
 *   So `refreshInterval` must be shorter than both.
 * - Nothing is kept in a GeneratorState: this generator gives none.
 * - No refresh follows a change of this object: the ExternalSecret says which one it was made for (an annotation).
 * - A failing request is repeated twice by Vault's client, then by ESO's back-off; an empty answer is an error.
 * - `spec.controller` would leave it to another ESO; it is not written, and admission refuses it.
 *
 * The fields that ESO's schema would default are written out, as in an ExternalSecret.
 */
export function dynamicSecretManifest<Role>(
  settings: Settings,
  namespace: NamespaceSettings,
  store: StoreSettings,
  generator: GeneratorSettings,
  role: Role,
) {
  return {
    apiVersion: GENERATORS_API_VERSION,
    kind: "VaultDynamicSecret",
    metadata: {
      name: generator.name,
      namespace: namespace.name,
      labels: ownLabels(settings.environment),
    },
    spec: {
      method: generator.method,
      path: requestPath(generator),
      ...(generator.parameters === undefined ? {} : { parameters: generator.parameters }),
      resultType: "Data",
      allowEmptyResponse: false,
      provider: vaultProvider(settings, store, role),
    },
  };
}

/** A generator, and the store whose login it uses. */
export interface DeclaredGenerator {
  readonly store: StoreSettings;
  readonly generator: GeneratorSettings;
}

/** Every generator of a namespace, whichever service declares it. */
export function generatorsOf(namespace: NamespaceSettings): readonly DeclaredGenerator[] {
  return namespace.stores.flatMap((store) =>
    store.services.flatMap(({ secrets }) =>
      secrets.flatMap(({ generators }) => generators.map((generator) => ({ store, generator }))),
    ),
  );
}
