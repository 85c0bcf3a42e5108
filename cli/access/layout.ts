import { shownPath } from "../../access/filter.ts";
import type { AccessMatrix, Login, SecretPath, ServiceRow } from "../../access/matrix.ts";

/** Widest table that is still looked at rather than read, in characters. */
const WIDEST = 110;

export const DECLARES = "●";
export const REACHES = "○";

export const LEGEND = `${DECLARES} declared by the service   ${REACHES} not declared by it, but its login can read it`;

/** A table of one namespace: its paths down, its services across; or, where these are too many, who declares each path. */
export interface NamespaceBlock {
  readonly namespace: string;
  readonly logins: readonly Login[];
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Services that have no secrets, and so read nothing by themselves. */
  readonly empty: readonly string[];
}

/** One block for each namespace, in order. */
export function blocks(matrix: AccessMatrix): readonly NamespaceBlock[] {
  const names = new Set([...matrix.logins, ...matrix.services].map(({ namespace }) => namespace));
  return [...names].map((namespace) => block(matrix, namespace));
}

function block(matrix: AccessMatrix, namespace: string): NamespaceBlock {
  const logins = matrix.logins.filter((one) => one.namespace === namespace);
  const all = matrix.services.filter((one) => one.namespace === namespace);
  const services = all.filter(({ cells }) => cells.length > 0);
  const paths = matrix.paths.filter((path) =>
    logins.some(({ reads }) => reads.some((read) => read.path === path.path)),
  );
  const empty = all.filter(({ role }) => role === null).map(({ service }) => service);
  const table = fits(paths, services) ? marks(paths, services) : declarers(paths, services);
  return { namespace, logins, ...table, empty };
}

function fits(paths: readonly SecretPath[], services: readonly ServiceRow[]): boolean {
  const first = Math.max(...paths.map((path) => shownPath(path).length), 0);
  return services.reduce((width, { service }) => width + service.length + 3, first + 4) <= WIDEST;
}

function marks(
  paths: readonly SecretPath[],
  services: readonly ServiceRow[],
): Pick<NamespaceBlock, "head" | "rows"> {
  return {
    head: ["path", ...services.map(({ service }) => service)],
    rows: paths.map((path) => [
      shownPath(path),
      ...services.map((service) => {
        const access = accessAt(service, path);
        if (access === undefined) return "";
        return access === "declares" ? DECLARES : REACHES;
      }),
    ]),
  };
}

function declarers(
  paths: readonly SecretPath[],
  services: readonly ServiceRow[],
): Pick<NamespaceBlock, "head" | "rows"> {
  return {
    head: ["path", `${DECLARES} declared by`, `${REACHES} also in reach of`],
    rows: paths.map((path) => {
      const having = (access: "declares" | "reaches") =>
        services.filter((service) => accessAt(service, path) === access).map(({ service }) => service);
      const reaching = having("reaches");
      return [
        shownPath(path),
        having("declares").join(", "),
        reaching.length > 3 ? `${reaching.length} other services` : reaching.join(", "),
      ];
    }),
  };
}

function accessAt({ cells }: ServiceRow, { path }: SecretPath): "declares" | "reaches" | undefined {
  return cells.find((cell) => cell.path === path)?.access;
}

/** Paths that more than one login can read, with these logins: what a reader of the blocks would overlook. */
export function sharedPaths(
  matrix: AccessMatrix,
): readonly { readonly path: string; readonly accounts: readonly string[] }[] {
  return matrix.paths.flatMap((path) => {
    const accounts = matrix.logins
      .filter(({ reads }) => reads.some((read) => read.path === path.path))
      .map(({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`);
    return accounts.length > 1 ? [{ path: shownPath(path), accounts }] : [];
  });
}

/** `2 logins` */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

export function summary({ environment, logins, services, paths }: AccessMatrix): string {
  return `${environment}: ${counted(logins.length, "login")}, ${counted(services.length, "service")}, ${counted(paths.length, "path")}`;
}
