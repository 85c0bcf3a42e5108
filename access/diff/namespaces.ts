import type { NamespaceSettings, Settings } from "../../config/schema.ts";
import { shownPath } from "../filter.ts";
import { accessMatrix, type Login, type ReachablePath } from "../matrix.ts";
import { listed, say } from "../words.ts";
import { type AccessChange, change, without } from "./change.ts";

interface Side {
  readonly namespace: NamespaceSettings | undefined;
  readonly logins: readonly Login[];
}

/** Who reads more or less, and which service accounts log in, namespace by namespace. */
export function namespaceChanges(before: Settings, after: Settings): readonly AccessChange[] {
  const names = new Set([...before.namespaces, ...after.namespaces].map(({ name }) => name));
  return [...names].toSorted().flatMap((name) => changesIn(name, sideOf(before, name), sideOf(after, name)));
}

function sideOf(settings: Settings, name: string): Side {
  return {
    namespace: settings.namespaces.find((one) => one.name === name),
    logins: accessMatrix(settings).logins.filter((login) => login.namespace === name),
  };
}

function changesIn(name: string, before: Side, after: Side): readonly AccessChange[] {
  const otherIsolation =
    before.namespace !== undefined &&
    after.namespace !== undefined &&
    before.namespace.isolation !== after.namespace.isolation;
  if (otherIsolation) {
    return [
      isolationChange(name, before, after),
      ...readChanges(name, allReads(before.logins), allReads(after.logins)),
    ];
  }
  const subjects = new Set([...before.logins, ...after.logins].map(subjectOf));
  return [
    ...existence(name, before, after),
    ...[...subjects].toSorted().flatMap((subject) => {
      const was = before.logins.find((login) => subjectOf(login) === subject);
      const is = after.logins.find((login) => subjectOf(login) === subject);
      return [...loginChanges(subject, was, is), ...readChanges(subject, was?.reads ?? [], is?.reads ?? [])];
    }),
  ];
}

function existence(name: string, before: Side, after: Side): readonly AccessChange[] {
  if (before.namespace === undefined) return [change("wider", name, say`namespace ${name}: new`)];
  if (after.namespace === undefined) {
    return [change("narrower", name, say`namespace ${name}: no longer declared`)];
  }
  return [];
}

function isolationChange(name: string, before: Side, after: Side): AccessChange {
  const accounts = (side: Side) => listed(side.logins.map(accountOf));
  return after.namespace?.isolation === "namespace"
    ? change(
        "wider",
        name,
        say`${name}: isolation ${"namespace"} instead of ${"service"}: ${accounts(after)} now logs in for all services, and reads what any of them declares (before: ${accounts(before)}, each its own service's)`,
      )
    : change(
        "narrower",
        name,
        say`${name}: isolation ${"service"} instead of ${"namespace"}: ${accounts(after)} now log in, each for its own service's paths alone (before: ${accounts(before)} for all)`,
      );
}

function loginChanges(
  subject: string,
  was: Login | undefined,
  is: Login | undefined,
): readonly AccessChange[] {
  if (is === undefined) {
    if (was === undefined) return [];
    return [change("narrower", subject, say`service account ${accountOf(was)} may no longer log in`)];
  }
  if (was === undefined) {
    return [
      change("wider", subject, say`service account ${accountOf(is)} may now log in, as role ${is.role}`),
    ];
  }
  if (was.serviceAccount === is.serviceAccount) return [];
  return [
    change(
      "wider",
      subject,
      say`service account ${accountOf(is)} may now log in as role ${is.role}; ${accountOf(was)} may no longer`,
    ),
  ];
}

function readChanges(
  subject: string,
  was: readonly ReachablePath[],
  is: readonly ReachablePath[],
): readonly AccessChange[] {
  const find = (reads: readonly ReachablePath[], { path }: ReachablePath) =>
    reads.find((one) => one.path === path);
  return [
    ...is.flatMap((read) => {
      const before = find(was, read);
      return before === undefined
        ? [
            change(
              "wider",
              subject,
              say`${subject} may now read ${shownPath(read)} (declared by ${listed(read.declaredBy)})`,
            ),
          ]
        : declarerChanges(subject, before, read);
    }),
    ...was
      .filter((read) => find(is, read) === undefined)
      .map((read) => change("narrower", subject, say`${subject} may no longer read ${shownPath(read)}`)),
  ];
}

/** The login reads the path before and after; only who asked for it is another. */
function declarerChanges(subject: string, was: ReachablePath, is: ReachablePath): readonly AccessChange[] {
  const added = without(is.declaredBy, was.declaredBy);
  const gone = without(was.declaredBy, is.declaredBy);
  if (added.length + gone.length === 0) return [];
  return [
    change(
      "different",
      subject,
      say`${shownPath(is)}, which ${subject} could read already, is now declared by ${listed(is.declaredBy)} (before: ${listed(was.declaredBy)})`,
    ),
  ];
}

/** All that a namespace's logins read together. */
function allReads(logins: readonly Login[]): readonly ReachablePath[] {
  const byPath = Map.groupBy(
    logins.flatMap(({ reads }) => reads),
    ({ path }) => path,
  );
  return [...byPath.values()].flatMap(([first, ...others]) =>
    first === undefined
      ? []
      : [
          {
            ...first,
            policies: [first, ...others].flatMap(({ policies }) => policies),
            declaredBy: [first, ...others].flatMap(({ declaredBy }) => declaredBy).toSorted(),
          },
        ],
  );
}

function subjectOf({ namespace, service }: Login): string {
  return service === undefined ? namespace : `${namespace}/${service}`;
}

function accountOf({ namespace, serviceAccount }: Login): string {
  return `${namespace}/${serviceAccount}`;
}
