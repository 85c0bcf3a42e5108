import { seconds } from "../components/durations.ts";
import { readsOf } from "../config/reads.ts";
import type { SecretSettings, ServiceSettings, Settings } from "../config/schema.ts";

/** A KV path that an ExternalSecret reads at its newest version. */
export interface FollowedPath {
  readonly mount: string;
  /** Below the mount. */
  readonly path: string;
}

/** What a declared ExternalSecret promises. */
export interface DeclaredSync {
  readonly namespace: string;
  readonly store: string;
  readonly externalSecret: string;
  readonly refreshIntervalSeconds: number;
  /** Each once, sorted. A read of a pinned version is not here: nothing new can come of it. */
  readonly paths: readonly FollowedPath[];
  /** Of a certificate: how long each that is issued lives. */
  readonly certificateTtlSeconds?: number;
}

/** Every ExternalSecret of a stack, by namespace and name. */
export function declaredSyncs({ namespaces }: Pick<Settings, "namespaces">): readonly DeclaredSync[] {
  return namespaces
    .flatMap(({ name: namespace, mount, stores }) =>
      stores.flatMap(({ name: store, services }) =>
        services.flatMap((service) =>
          service.secrets.map((secret) => ({
            namespace,
            store,
            externalSecret: secret.name,
            refreshIntervalSeconds: seconds(secret.refreshInterval),
            paths: followed(secret).map((path) => ({ mount, path })),
            ...certificateTtl(service, secret),
          })),
        ),
      ),
    )
    .toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

function followed(secret: SecretSettings): readonly string[] {
  const newest = readsOf(secret).filter(({ version }) => version === undefined);
  return [...new Set(newest.map((read) => read.key))].toSorted();
}

function certificateTtl({ certificates }: ServiceSettings, { name }: SecretSettings) {
  const certificate = certificates.find((one) => one.name === name);
  return certificate === undefined ? {} : { certificateTtlSeconds: seconds(certificate.ttl) };
}

function key({ namespace, externalSecret }: DeclaredSync): string {
  return `${namespace}/${externalSecret}`;
}
