import { policyNames, servicePolicy } from "../components/vault/policies.ts";
import { roleName } from "../components/vault/roles.ts";
import { type EngineGrant, grantOf, readsOf } from "../config/reads.ts";
import type { NamespaceSettings, ServiceSettings, StoreSettings } from "../config/schema.ts";
import { type Watcher, watchersOf } from "./exporter.ts";
import type { ManagedSettings } from "./managed.ts";
import { type Rotator, rotatorsOf } from "./rotators.ts";

/** Where a secret comes from, as people name it and as Vault is asked for it: a KV v2 secret, or an engine's request. */
export interface SecretPath extends EngineGrant {
  readonly mount: string;
  /** Below the mount, e.g. `llm/openai` or `creds/orders-report`. */
  readonly key: string;
  /** The request, which is also what a policy grants: `<mount>/data/<key>`, of an engine `<mount>/<key>`. */
  readonly path: string;
}

/** Whether it is a KV v2 secret. */
export function isKv({ mount, key, path }: SecretPath): boolean {
  return path !== `${mount}/${key}`;
}

/** A path that a login may ask for, through which policies, and which services asked for it. */
export interface ReachablePath extends SecretPath {
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
  /** All that it may ask Vault for, sorted by path. */
  readonly reads: readonly ReachablePath[];
}

/**
 * One cell that is not empty. `declares`: the service's own declaration asks for the path. `reaches`: it does not, but the
 * login that it shares with the other services of its namespace can read it.
 */
export interface Cell extends SecretPath {
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

/** Who can read what in Vault, and write it on a schedule, as far as this stack's declaration goes. */
export interface AccessMatrix {
  readonly environment: string;
  readonly logins: readonly Login[];
  readonly services: readonly ServiceRow[];
  /** Every declared path once, sorted: the matrix's columns. */
  readonly paths: readonly SecretPath[];
  /** Who changes secrets on a schedule. */
  readonly rotators: readonly Rotator[];
  /** Who looks at metadata. */
  readonly watchers: readonly Watcher[];
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
export function accessMatrix(settings: ManagedSettings): AccessMatrix {
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
    rotators: rotatorsOf(settings),
    watchers: watchersOf(settings),
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

function declaredPaths(mount: string, { secrets }: ServiceSettings): readonly SecretPath[] {
  const reads = secrets.flatMap(readsOf).map(({ key }) => ({
    mount,
    key,
    path: `${mount}/data/${key}`,
    capability: "read" as const,
  }));
  const requests = secrets.flatMap(({ generators }) =>
    generators.map((one) => ({ mount: one.mount, key: one.request, ...grantOf(one) })),
  );
  return distinctPaths([...reads, ...requests]);
}

function distinctPaths(paths: readonly SecretPath[]): readonly SecretPath[] {
  const byPath = new Map(
    paths.map(({ mount, key, path, capability }) => [path, { mount, key, path, capability }]),
  );
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
