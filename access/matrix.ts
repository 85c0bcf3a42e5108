import { policyNames, servicePolicy } from "../components/vault/policies.ts";
import { roleName } from "../components/vault/roles.ts";
import { readsOf } from "../config/reads.ts";
import type { NamespaceSettings, ServiceSettings, Settings, StoreSettings } from "../config/schema.ts";

/** A KV v2 secret, as people name it and as Vault is asked for it. */
export interface KvPath {
  readonly mount: string;
  /** Below the mount, e.g. `llm/openai`. */
  readonly key: string;
  /** The request that reads it, which is also what a policy grants: `<mount>/data/<key>`. */
  readonly path: string;
}

/** A KV path that a login may read, through which policies, and which services asked for it. */
export interface ReachablePath extends KvPath {
  readonly policies: readonly string[];
  readonly declaredBy: readonly string[];
}

/** Somebody whom Vault lets in: a service account of a namespace, by its role. */
export interface Login {
  readonly namespace: string;
  readonly store: string;
  readonly serviceAccount: string;
  readonly role: string;
  /** The one service that it is for; absent where it is the whole namespace's. */
  readonly service?: string;
  /** Every policy of its role, the session's included. */
  readonly policies: readonly string[];
  /** All that it may read in KV, sorted by path. */
  readonly reads: readonly ReachablePath[];
}

/**
 * One cell that is not empty. `declares`: the service's own declaration asks for the path. `reaches`: it does not, but the
 * login that it shares with the other services of its namespace can read it.
 */
export interface Cell extends KvPath {
  readonly access: "declares" | "reaches";
  readonly policies: readonly string[];
}

export interface ServiceRow {
  readonly namespace: string;
  readonly service: string;
  /** Role of its login; `null` where nothing logs in for it: it has no secrets, and a login would be its alone. */
  readonly role: string | null;
  readonly cells: readonly Cell[];
}

/** Who can read what in Vault, as far as this stack's declaration goes. */
export interface AccessMatrix {
  readonly environment: string;
  readonly logins: readonly Login[];
  readonly services: readonly ServiceRow[];
  /** Every declared path once, sorted: the matrix's columns. */
  readonly paths: readonly KvPath[];
}

export interface SessionGrant {
  readonly path: string;
  readonly capability: "read" | "update";
}

/** What every login may do besides reading: look at its own token, and end it. */
export const SESSION_GRANTS: readonly SessionGrant[] = [
  { path: "auth/token/lookup-self", capability: "read" },
  { path: "auth/token/revoke-self", capability: "update" },
];

/**
 * The matrix of a declaration. It is computed from the declared secrets, not from the text of the generated policies, so
 * that each can be held against the other.
 */
export function accessMatrix(settings: Pick<Settings, "environment" | "vault" | "namespaces">): AccessMatrix {
  const { rolePrefix } = settings.vault.auth;
  const logins = settings.namespaces.flatMap((namespace) =>
    namespace.stores.map((store) => login(rolePrefix, namespace, store)),
  );
  return {
    environment: settings.environment,
    logins,
    services: settings.namespaces.flatMap((namespace) =>
      namespace.services.map((service) => serviceRow(namespace, service, logins)),
    ),
    paths: distinctPaths(logins.flatMap(({ reads }) => reads)),
  };
}

function login(rolePrefix: string, namespace: NamespaceSettings, store: StoreSettings): Login {
  const declared = store.services.flatMap((service) =>
    declaredPaths(namespace.mount, service).map((path) => ({
      path,
      service: service.name,
      policy: servicePolicy(rolePrefix, namespace, service).name,
    })),
  );
  const reads = distinctPaths(declared.map(({ path }) => path)).map((path) => {
    const through = declared.filter((one) => one.path.path === path.path);
    return {
      ...path,
      policies: through.map(({ policy }) => policy).toSorted(),
      declaredBy: through.map(({ service }) => service).toSorted(),
    };
  });
  return {
    namespace: namespace.name,
    store: store.name,
    serviceAccount: store.serviceAccount,
    role: roleName(rolePrefix, namespace, store),
    ...(store.service === undefined ? {} : { service: store.service }),
    policies: policyNames(rolePrefix, namespace, store),
    reads,
  };
}

function serviceRow(
  namespace: NamespaceSettings,
  service: ServiceSettings,
  logins: readonly Login[],
): ServiceRow {
  const own = logins.find(
    (one) => one.namespace === namespace.name && (one.service === undefined || one.service === service.name),
  );
  const cells = (own?.reads ?? []).map(
    ({ declaredBy, ...path }): Cell => ({
      ...path,
      access: declaredBy.includes(service.name) ? "declares" : "reaches",
    }),
  );
  return { namespace: namespace.name, service: service.name, role: own?.role ?? null, cells };
}

function declaredPaths(mount: string, { secrets }: ServiceSettings): readonly KvPath[] {
  return distinctPaths(
    secrets.flatMap(readsOf).map(({ key }) => ({ mount, key, path: `${mount}/data/${key}` })),
  );
}

function distinctPaths(paths: readonly KvPath[]): readonly KvPath[] {
  const byPath = new Map(paths.map(({ mount, key, path }) => [path, { mount, key, path }]));
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
