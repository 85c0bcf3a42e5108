import type { AccessMatrix, SecretPath } from "./matrix.ts";
import type { Grant } from "./operators/document.ts";

export interface Filter {
  readonly namespace?: string;
  /** `kv/llm/openai`, `llm/openai` or the request path `kv/data/llm/openai`. */
  readonly path?: string;
}

/**
 * The part of a matrix that is asked about: one namespace, or those that can read one path.
 * @throws Error that lists what is declared, when nothing is named so
 */
export function filtered(matrix: AccessMatrix, { namespace, path }: Filter): AccessMatrix {
  const inNamespace = namespace === undefined ? matrix : namespaceOnly(matrix, namespace);
  return path === undefined ? inNamespace : pathOnly(inNamespace, path);
}

/** A path as people write it, without the `data/` of the request. */
export function shownPath({ mount, key }: SecretPath): string {
  return `${mount}/${key}`;
}

function namespaceOnly(matrix: AccessMatrix, namespace: string): AccessMatrix {
  const logins = matrix.logins.filter((one) => one.namespace === namespace);
  const services = matrix.services.filter((one) => one.namespace === namespace);
  const rotators = matrix.rotators.filter((one) => one.namespace === namespace);
  const watchers = matrix.watchers.filter((one) => one.namespace === namespace);
  const readable = new Set(logins.flatMap(({ reads }) => reads.map(({ path }) => path)));
  if (logins.length + services.length + rotators.length + watchers.length === 0) {
    const known = new Set(
      [...matrix.logins, ...matrix.rotators, ...matrix.watchers].map((one) => one.namespace),
    );
    throw unknown("namespace", namespace, [...known]);
  }
  return {
    ...matrix,
    logins,
    services,
    rotators,
    watchers,
    paths: matrix.paths.filter(({ path }) => readable.has(path)),
  };
}

function pathOnly(matrix: AccessMatrix, asked: string): AccessMatrix {
  const wanted = matrix.paths.filter((one) => [shownPath(one), one.key, one.path].includes(asked));
  const rotators = grantedThere(matrix.rotators, asked);
  const watchers = grantedThere(matrix.watchers, asked);
  if (wanted.length + rotators.length === 0) throw unknown("path", asked, matrix.paths.map(shownPath));
  const isWanted = ({ path }: SecretPath) => wanted.some((one) => one.path === path);
  const logins = matrix.logins
    .map((login) => ({ ...login, reads: login.reads.filter(isWanted) }))
    .filter(({ reads }) => reads.length > 0);
  const services = matrix.services
    .map((service) => ({ ...service, cells: service.cells.filter(isWanted) }))
    .filter(({ cells }) => cells.length > 0);
  return { ...matrix, logins, services, rotators, watchers, paths: wanted };
}

function grantedThere<Account extends { readonly grants: readonly Grant[] }>(
  accounts: readonly Account[],
  asked: string,
): readonly Account[] {
  return accounts
    .map((account) => ({ ...account, grants: account.grants.filter(({ path }) => isAsked(path, asked)) }))
    .filter(({ grants }) => grants.length > 0);
}

/** A request path of KV v2 as people name it: with its mount, or without. */
function isAsked(path: string, asked: string): boolean {
  const [mount = "", key = ""] = path.split(/\/(?:data|metadata)\//);
  return [path, key, `${mount}/${key}`].includes(asked);
}

function unknown(what: string, asked: string, known: readonly string[]): Error {
  const list = known.map((one) => `  ${one}`).join("\n");
  return new Error(`No ${what} ${asked} is declared in this stack. Declared:\n${list || "  none"}`);
}
