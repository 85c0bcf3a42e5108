import type { ProviderSpec } from "../jobs/rotator/spec.ts";
import { BUILT_IN, type DeclaredKey, OPENAI_URL, RESERVED } from "./rotation.ts";
import type { DeclaredProvider } from "./rotation-providers.ts";
import type { Declaration } from "./schema.ts";

export interface KvPlace {
  readonly mount: string;
  /** Below the mount. */
  readonly path: string;
}

export interface KvPropertyPlace extends KvPlace {
  readonly property: string;
}

/** An ExternalSecret that reads a rotated key. */
export interface Consumer {
  readonly namespace: string;
  readonly externalSecret: string;
  readonly refreshInterval: string;
}

export interface RotationKey {
  readonly name: string;
  /** As the declaration names it. */
  readonly provider: string;
  readonly providerSpec: ProviderSpec;
  /** Where consumers read it. */
  readonly live: KvPropertyPlace;
  /** The rotator's own slot. */
  readonly state: KvPlace;
  readonly admin?: KvPropertyPlace;
  readonly project?: string;
  readonly namePrefix: string;
  /** As declared: see `spreadSchedule` for when it really starts. */
  readonly schedule: string;
  readonly timeZone: string;
  readonly overlap: string;
  readonly rolloutTime: string;
  /** Never empty, sorted. */
  readonly consumers: readonly Consumer[];
  readonly restarts: readonly {
    readonly namespace: string;
    readonly kind: "Deployment" | "StatefulSet" | "DaemonSet";
    readonly name: string;
  }[];
}

export interface RotationSettings {
  readonly namespace: string;
  /** Whether this stack makes the namespace. */
  readonly create: boolean;
  readonly image: string;
  /** Sorted by name, at least one. */
  readonly keys: readonly RotationKey[];
}

/** The rotations of a declaration that has passed its rules; `undefined` where it has none. */
export function settleRotation(declared: Declaration): RotationSettings | undefined {
  const { rotation, tier } = declared;
  if (rotation === undefined || Object.keys(rotation.keys).length === 0) return undefined;
  return {
    namespace: rotation.namespace,
    create: tier === "development",
    image: rotation.image,
    keys: Object.entries(rotation.keys)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, key]) => settleKey(name, key, declared)),
  };
}

function settleKey(name: string, key: DeclaredKey, declared: Declaration): RotationKey {
  const mount = mountOf(key, declared);
  return {
    name,
    provider: key.provider,
    providerSpec: providerSpec(key, declared.rotation?.providers[key.provider]),
    live: { mount, path: key.path, property: key.property },
    state: { mount, path: `${RESERVED}${name}` },
    ...(key.admin === undefined
      ? {}
      : { admin: { mount, path: key.admin.key, property: key.admin.property } }),
    ...(key.project === undefined ? {} : { project: key.project }),
    namePrefix: namePrefix(declared.environment, name, key),
    schedule: key.schedule,
    timeZone: key.timeZone,
    overlap: key.overlap,
    rolloutTime: key.rolloutTime,
    consumers: consumersOf(declared, { mount, path: key.path, property: key.property }),
    restarts: key.restart,
  };
}

function providerSpec(key: DeclaredKey, provider: DeclaredProvider | undefined): ProviderSpec {
  if (key.provider === BUILT_IN || provider === undefined) {
    return { kind: BUILT_IN, baseUrl: key.baseUrl ?? OPENAI_URL };
  }
  if (provider.kind === "http") return provider;
  const { kind, test, revoke } = provider;
  return { kind, ...(test === undefined ? {} : { test }), ...(revoke === undefined ? {} : { revoke }) };
}

/** Begins the provider-side names of one rotation. */
export function namePrefix(environment: string, name: string, key: Pick<DeclaredKey, "name">): string {
  return `${key.name}-${environment}-${name}`;
}

/** The mount of a key; empty where the declaration does not say and has not exactly one. */
export function mountOf({ mount }: Pick<DeclaredKey, "mount">, { vault }: Declaration): string {
  const mounts = Object.keys(vault.mounts);
  return mount ?? (mounts.length === 1 ? (mounts[0] ?? "") : "");
}

/** A read of a declared secret, with whose it is. */
export interface SecretRead extends KvPlace {
  readonly namespace: string;
  readonly service: string;
  readonly name: string;
  readonly refreshInterval: string;
  /** Absent: every property. */
  readonly property?: string | undefined;
  readonly version?: number | undefined;
}

/** Every read that the declaration's secrets make. */
export function secretReads({ namespaces, vault }: Declaration): readonly SecretRead[] {
  const onlyMount = Object.keys(vault.mounts)[0] ?? "";
  return Object.entries(namespaces).flatMap(([namespace, { store, services }]) =>
    Object.entries(services).flatMap(([service, { secrets }]) =>
      Object.entries(secrets).flatMap(([name, secret]) => {
        const whose = {
          namespace,
          service,
          name,
          refreshInterval: secret.refreshInterval,
          mount: store?.mount ?? onlyMount,
        };
        return [
          ...Object.values(secret.data).map(({ key, property, version }) => ({
            ...whose,
            path: key,
            property,
            version,
          })),
          ...secret.dataFrom.map(({ extract }) => ({
            ...whose,
            path: extract.key,
            version: extract.version,
          })),
        ];
      }),
    ),
  );
}

/** Those reads that give a place's value. */
export function readsOfPlace(
  declared: Declaration,
  { mount, path, property }: KvPropertyPlace,
): readonly SecretRead[] {
  return secretReads(declared).filter(
    (read) =>
      read.mount === mount &&
      read.path === path &&
      (read.property === undefined || read.property === property),
  );
}

function consumersOf(declared: Declaration, place: KvPropertyPlace): readonly Consumer[] {
  const byName = new Map(
    readsOfPlace(declared, place).map(({ namespace, name, refreshInterval }) => [
      `${namespace}/${name}`,
      { namespace, externalSecret: name, refreshInterval },
    ]),
  );
  return [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, consumer]) => consumer);
}
