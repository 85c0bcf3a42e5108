import { createHash } from "node:crypto";
import { generatedSecrets } from "../../config/generated-secrets.ts";
import { readsOf, requestPath } from "../../config/reads.ts";
import type { NamespaceSettings, SecretSettings, Settings, StoreSettings } from "../../config/schema.ts";
import { goDuration } from "../durations.ts";
import { API_VERSION, GENERATED_ANNOTATION, GENERATORS_API_VERSION, ownLabels } from "./metadata.ts";

export type ExternalSecretManifest = ReturnType<typeof externalSecretManifest>;

/**
 * The ExternalSecret of a declared secret. Fields that ESO's schema would default are written out, and durations as
 * ESO writes them back, so that what lives in the cluster differs from this only when somebody changed it.
 */
export function externalSecretManifest(
  settings: Settings,
  namespace: NamespaceSettings,
  store: StoreSettings,
  secret: SecretSettings,
) {
  const labels = ownLabels(settings.environment);
  return {
    apiVersion: API_VERSION,
    kind: "ExternalSecret",
    metadata: {
      name: secret.name,
      namespace: namespace.name,
      labels,
      annotations: {
        ...awaitAnnotations(settings.externalSecrets.readiness.mode),
        ...generatedAnnotations(settings, namespace, secret),
        ...generatorAnnotations(secret),
      },
    },
    spec: {
      refreshInterval: goDuration(secret.refreshInterval),
      secretStoreRef: { kind: "SecretStore", name: store.name },
      target: {
        name: secret.target,
        creationPolicy: secret.creationPolicy,
        deletionPolicy: secret.deletionPolicy,
        ...templateOf(secret, labels),
      },
      ...dataOf(secret),
      ...dataFromOf(secret),
    },
  };
}

/** Every ExternalSecret of a namespace, whichever service declares it. */
export function externalSecretManifests(
  settings: Settings,
  namespace: NamespaceSettings,
): readonly ExternalSecretManifest[] {
  return namespace.stores.flatMap((store) =>
    store.services.flatMap(({ secrets }) =>
      secrets.map((secret) => externalSecretManifest(settings, namespace, store, secret)),
    ),
  );
}

/** ExternalSecret of a namespace -> what its generators ask Vault for. */
export function engineRequests({ services }: NamespaceSettings): ReadonlyMap<string, readonly string[]> {
  return new Map(
    services.flatMap(({ secrets }) =>
      secrets.map(({ name, generators }) => [name, generators.map(requestPath)] as const),
    ),
  );
}

/** The KV paths that an ExternalSecret reads, each once, sorted. */
export function vaultPaths({ spec }: ExternalSecretManifest): readonly string[] {
  const keys = [
    ...(spec.data ?? []).map(({ remoteRef }) => remoteRef.key),
    ...(spec.dataFrom ?? []).flatMap((from) => ("extract" in from ? [from.extract.key] : [])),
  ];
  return [...new Set(keys)].sort();
}

/** The Pulumi provider waits for the first sync by itself; what that cannot see, readiness.ts does. */
function awaitAnnotations(mode: "require" | "report"): Readonly<Record<string, string>> {
  return mode === "require"
    ? { "pulumi.com/waitFor": "condition=Ready" }
    : { "pulumi.com/skipAwait": "true" };
}

/** A new version is a new annotation, upon which ESO reads at once instead of at its next refresh. */
function generatedAnnotations(
  settings: Settings,
  namespace: NamespaceSettings,
  secret: SecretSettings,
): Readonly<Record<string, string>> {
  const keys = readsOf(secret).map(({ key }) => key);
  const versions = generatedSecrets(settings)
    .filter(({ mount, path }) => mount === namespace.mount && keys.includes(path))
    .map(({ path, version }) => `${path}=${version}`);
  return versions.length === 0 ? {} : { [GENERATED_ANNOTATION]: versions.join(",") };
}

/** ESO looks at generators when it refreshes, and does not follow them: a change of theirs must change the ExternalSecret. */
function generatorAnnotations({ generators }: SecretSettings): Readonly<Record<string, string>> {
  if (generators.length === 0) return {};
  const digest = createHash("sha256").update(JSON.stringify(generators)).digest("hex").slice(0, 16);
  return { "vault-management/generators": digest };
}

/**
 * Only where something is declared: without a template ESO copies the ExternalSecret's own labels to the Secret, with
 * one it takes the template's alone, so the stack's labels are repeated there. A Secret that somebody else made
 * (`Merge`) gets an empty one, or ESO would overwrite its owner's labels.
 */
function templateOf(secret: SecretSettings, labels: Readonly<Record<string, string>>) {
  const { template, type, creationPolicy } = secret;
  const merge = creationPolicy === "Merge";
  if (template === undefined && type === "Opaque" && !merge) return {};
  const metadata = {
    ...template?.metadata,
    ...(merge ? {} : { labels: { ...template?.metadata?.labels, ...labels } }),
  };
  return {
    template: {
      engineVersion: "v2",
      mergePolicy: template?.mergePolicy ?? "Replace",
      ...(type === "Opaque" ? {} : { type }),
      ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
      ...(template?.data ? { data: template.data } : {}),
    },
  };
}

function dataOf({ data }: SecretSettings) {
  const entries = Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return {};
  return {
    data: entries.map(([secretKey, { key, property, version }]) => ({
      secretKey,
      remoteRef: { key, property, ...strategies, ...versionOf(version) },
    })),
  };
}

function dataFromOf({ dataFrom, generators }: SecretSettings) {
  if (dataFrom.length + generators.length === 0) return {};
  return {
    dataFrom: [
      ...dataFrom.map(({ extract: { key, version } }) => ({
        extract: { key, ...strategies, ...versionOf(version) },
      })),
      ...generators.map(({ name, keyPrefix }) => ({
        sourceRef: {
          generatorRef: { apiVersion: GENERATORS_API_VERSION, kind: "VaultDynamicSecret", name },
        },
        ...(keyPrefix === undefined
          ? {}
          : { rewrite: [{ regexp: { source: "^(.*)$", target: `${keyPrefix}$1` } }] }),
      })),
    ],
  };
}

const strategies = { conversionStrategy: "Default", decodingStrategy: "None", metadataPolicy: "None" };

function versionOf(version: number | undefined) {
  return version === undefined ? {} : { version: String(version) };
}
