import { type AccessMatrix, isKv, type Login, SESSION_GRANTS, type SecretPath } from "./matrix.ts";

/** One request path that Vault is asked about, and what a login must be allowed there. */
export interface Probe {
  readonly path: string;
  /** `matrix`: a declared path. `session`: the login's own token. `beyond`: nobody may do anything there. */
  readonly kind: "matrix" | "session" | "beyond";
}

/** What Vault answers where a token may do nothing. */
export const NOTHING: readonly string[] = ["deny"];

/** A segment that no policy has a reason to name: a path with it is reached by wildcards and prefixes alone. */
const UNDECLARED = "not-declared";

/** What KV v2 serves of a secret besides `data/` and `metadata/`. */
const OTHER_REQUESTS = ["subkeys", "delete", "undelete", "destroy"] as const;

/** Places where a workload's token would be dangerous, and where Vault's default policy would let it in. */
const ELSEWHERE: readonly string[] = [
  "auth/token/create",
  "auth/token/lookup",
  "auth/token/renew-self",
  "cubbyhole/token",
  "identity/entity",
  "sys/audit",
  "sys/auth",
  "sys/capabilities-self",
  "sys/mounts",
  "sys/wrapping/wrap",
];

/**
 * Everything that Vault is asked about a login, each path once: its row of the whole matrix, the two paths of its session,
 * and what nobody may touch: the metadata of each declared secret, what rotators alone read or write, a name in each folder that declared paths stand in, the
 * rest of Vault in samples, and around what it may read itself all that a prefix or wildcard in the place of an exact path
 * would open.
 */
export function probesOf(matrix: AccessMatrix, login: Login): readonly Probe[] {
  const declared = matrix.paths.map(({ path }): Probe => ({ path, kind: "matrix" }));
  const session = SESSION_GRANTS.map(({ path }): Probe => ({ path, kind: "session" }));
  const beyond = [
    ...matrix.paths.filter(isKv).map(({ mount, key }) => `${mount}/metadata/${key}`),
    ...matrix.paths.flatMap(besideIn),
    // Staged keys and admin credentials above all.
    ...matrix.rotators.flatMap(({ grants }) => grants.map(({ path }) => path)),
    ...login.reads.filter(isKv).flatMap(otherRequests),
    ...login.reads.flatMap(neighbours),
    ...login.policies.map((policy) => `sys/policies/acl/${policy}`),
    ...ELSEWHERE,
  ].map((path): Probe => ({ path, kind: "beyond" }));
  // The first of a path counts: a neighbour that is declared itself is a cell of the matrix.
  const byPath = new Map(
    [...declared, ...session, ...beyond].toReversed().map((probe) => [probe.path, probe]),
  );
  return [...byPath.values()].toReversed();
}

/** The capabilities that a login must have at a probe's path: exactly these. */
export function expectedAt(login: Login, { path, kind }: Probe): readonly string[] {
  if (kind === "matrix") {
    const read = login.reads.find((one) => one.path === path);
    return read === undefined ? NOTHING : [read.capability];
  }
  const session = kind === "session" ? SESSION_GRANTS.find((grant) => grant.path === path) : undefined;
  return session === undefined ? NOTHING : [session.capability];
}

/** In each folder above a key: its listing, and a secret that nobody declares. */
function besideIn(path: SecretPath): readonly string[] {
  const { mount, key } = path;
  return foldersOf(key).flatMap((folder) => [
    ...(isKv(path) ? [`${mount}/metadata/${folder}`] : []),
    `${requestsOf(path)}${folder}${UNDECLARED}`,
  ]);
}

/** What stands before the key in a request. */
function requestsOf({ path, key }: SecretPath): string {
  return path.slice(0, -key.length);
}

/** The folders above a key, the mount's own first: `""`, `llm/`. */
function foldersOf(key: string): readonly string[] {
  const segments = key.split("/");
  return segments.map((_segment, index) =>
    segments
      .slice(0, index)
      .map((one) => `${one}/`)
      .join(""),
  );
}

function otherRequests({ mount, key }: SecretPath): readonly string[] {
  return OTHER_REQUESTS.map((request) => `${mount}/${request}/${key}`);
}

/** What begins like the key, stands below it, or differs from it in one segment. */
function neighbours(path: SecretPath): readonly string[] {
  const { key } = path;
  const segments = key.split("/");
  const replaced = segments.map((_segment, index) => segments.with(index, UNDECLARED).join("/"));
  return [`${key}-${UNDECLARED}`, `${key}/${UNDECLARED}`, ...replaced].map(
    (one) => `${requestsOf(path)}${one}`,
  );
}
