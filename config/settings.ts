import type { Declaration, NamespaceSettings, SecretSettings, Settings } from "./schema.ts";

type DeclaredNamespace = Declaration["namespaces"][string];
type DeclaredSecret = DeclaredNamespace["services"][string]["secrets"][string];

/** Fills in what depends on other fields; everything named is sorted by name, so that order in the file changes nothing. */
export function settle(declared: Declaration): Settings {
  const { namespaces, vault, ...rest } = declared;
  return deepFreeze({
    ...rest,
    vault: {
      ...vault,
      mounts: sorted(vault.mounts),
      auditDevices: sorted(vault.auditDevices),
      quotas: sorted(vault.quotas),
    },
    namespaces: byName(namespaces).map(([name, namespace]) => settleNamespace(name, namespace, declared)),
  });
}

function settleNamespace(
  name: string,
  namespace: DeclaredNamespace,
  declared: Declaration,
): NamespaceSettings {
  const onlyMount = Object.keys(declared.vault.mounts)[0] ?? "";
  return {
    name,
    create: namespace.create ?? declared.tier === "development",
    store: {
      name: namespace.store?.name ?? "vault-store",
      mount: namespace.store?.mount ?? onlyMount,
      serviceAccount: namespace.store?.serviceAccount ?? "vault-store",
    },
    services: byName(namespace.services).map(([service, { secrets }]) => ({
      name: service,
      secrets: byName(secrets).map(([secret, fields]) => settleSecret(secret, fields)),
    })),
  };
}

function settleSecret(name: string, declared: DeclaredSecret): SecretSettings {
  const { target, creationPolicy, onRemoval, ...rest } = declared;
  return {
    ...rest,
    data: sorted(rest.data),
    name,
    target: target ?? name,
    creationPolicy: creationPolicy ?? (onRemoval === "retain" ? "Orphan" : "Owner"),
  };
}

function byName<T>(map: Readonly<Record<string, T>>): readonly (readonly [string, T])[] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
}

function sorted<T>(map: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(byName(map));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
