import { canIssue, certificateRole, certificateSecret } from "./certificates.ts";
import { databaseContent, settleDatabases } from "./databases-settings.ts";
import { settleRotation } from "./rotation-settings.ts";
import type {
  CertificateSettings,
  Declaration,
  NamespaceSettings,
  SecretSettings,
  ServiceSettings,
  Settings,
  StoreSettings,
} from "./schema.ts";

/** Name of a store, and of the service account that logs in for it, where the file names none. */
const DEFAULT_STORE = "vault-store";

type DeclaredNamespace = Declaration["namespaces"][string];
type DeclaredSecret = DeclaredNamespace["services"][string]["secrets"][string];
type DeclaredCertificate = DeclaredNamespace["services"][string]["certificates"][string];

/** Fills in what depends on other fields; everything named is sorted by name, so that order in the file changes nothing. */
export function settle(declared: Declaration): Settings {
  const { namespaces, vault, rotation: _, databases, pki, monitoring, ...rest } = declared;
  const rotation = settleRotation(declared);
  return deepFreeze({
    ...rest,
    ...(pki === undefined ? {} : { pki: { ...pki, domains: pki.domains.toSorted() } }),
    vault: {
      ...vault,
      mounts: sorted(vault.mounts),
      auditDevices: sorted(vault.auditDevices),
      quotas: sorted(vault.quotas),
    },
    monitoring: { ...monitoring, vault: { nodes: sorted(monitoring.vault.nodes) } },
    databases: settleDatabases(declared),
    namespaces: byName(namespaces).map(([name, namespace]) => settleNamespace(name, namespace, declared)),
    ...(rotation === undefined ? {} : { rotation }),
  });
}

function settleNamespace(
  name: string,
  namespace: DeclaredNamespace,
  declared: Declaration,
): NamespaceSettings {
  const onlyMount = Object.keys(declared.vault.mounts)[0] ?? "";
  const services = byName(namespace.services).map(([service, fields]) =>
    settleService(service, fields, { namespace: name, declared }),
  );
  return {
    name,
    create: namespace.create ?? declared.tier === "development",
    isolation: namespace.isolation,
    mount: namespace.store?.mount ?? onlyMount,
    stores: storesOf(namespace, services),
    services,
  };
}

function settleService(
  name: string,
  { secrets, certificates }: DeclaredNamespace["services"][string],
  {
    namespace,
    declared: { pki, vault, databases },
  }: { readonly namespace: string; readonly declared: Declaration },
): ServiceSettings {
  const settled = byName(certificates).map(([certificate, fields]) => settleCertificate(certificate, fields));
  const issued =
    pki === undefined || !canIssue(pki)
      ? []
      : settled.map((certificate) =>
          certificateSecret(certificate, {
            mount: pki.intermediate.mount,
            role: certificateRole(vault.auth.rolePrefix, { name: namespace }, { name }, certificate.name),
          }),
        );
  const read = byName(secrets).map(([secret, fields]) => settleSecret(secret, fields, databases));
  return {
    name,
    secrets: [...read, ...issued].sort((a, b) => (a.name < b.name ? -1 : 1)),
    certificates: settled,
  };
}

function storesOf(
  { isolation, store }: DeclaredNamespace,
  services: readonly ServiceSettings[],
): readonly StoreSettings[] {
  const name = store?.name ?? DEFAULT_STORE;
  const serviceAccount = store?.serviceAccount ?? DEFAULT_STORE;
  if (isolation === "namespace") return [{ name, serviceAccount, services }];
  return services
    .filter(({ secrets, certificates }) => secrets.length > 0 || certificates.length > 0)
    .map((service) => ({
      name: `${name}-${service.name}`,
      serviceAccount: `${serviceAccount}-${service.name}`,
      service: service.name,
      services: [service],
    }));
}

function settleSecret(
  name: string,
  secret: DeclaredSecret,
  databases: Declaration["databases"],
): SecretSettings {
  const { target, creationPolicy, onRemoval, template, ...rest } = secret;
  const content = secret.database && databaseContent(name, secret.database, databases);
  return {
    ...rest,
    data: sorted(rest.data),
    name,
    target: target ?? name,
    creationPolicy: creationPolicy ?? (onRemoval === "retain" ? "Orphan" : "Owner"),
    ...(template === undefined ? {} : { template }),
    ...(content === undefined
      ? {}
      : { template: { ...template, data: { ...template?.data, ...content.template } } }),
    generators: content?.generators ?? [],
  };
}

function settleCertificate(name: string, declared: DeclaredCertificate): CertificateSettings {
  const { target, ...rest } = declared;
  return { ...rest, name, target: target ?? name };
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
