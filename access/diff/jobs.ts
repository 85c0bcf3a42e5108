import type { Settings } from "../../config/schema.ts";
import { type Watcher, watchersOf } from "../exporter.ts";
import { type Rotator, rotatorsOf } from "../rotators.ts";
import { listed, say } from "../words.ts";
import { type AccessChange, change, without } from "./change.ts";

type Account = Pick<Rotator | Watcher, "namespace" | "serviceAccount" | "grants">;

/** What the service accounts of the jobs may do, path by path: those that change secrets, and the one that looks at their metadata. */
export function jobChanges(before: Settings, after: Settings): readonly AccessChange[] {
  const [was, is] = [byPlace(before), byPlace(after)];
  return [...new Set([...was.keys(), ...is.keys()])]
    .toSorted()
    .flatMap((about) => changesOf(about, was.get(about), is.get(about)));
}

/** By where each is declared. */
function byPlace(settings: Settings): ReadonlyMap<string, Account> {
  return new Map<string, Account>([
    ...rotatorsOf(settings).map((one) => [`rotation.keys.${one.key}`, one] as const),
    ...watchersOf(settings).map((one) => ["monitoring.exporter", one] as const),
  ]);
}

function changesOf(
  about: string,
  was: Account | undefined,
  is: Account | undefined,
): readonly AccessChange[] {
  const [before, after] = [grantsOf(was), grantsOf(is)];
  const paths = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  const who = accountOf(is) ?? accountOf(was) ?? "";
  return [
    ...accountChanges(about, accountOf(was), accountOf(is)),
    ...paths.flatMap((path) => {
      const [held, holds] = [before.get(path) ?? [], after.get(path) ?? []];
      const [gained, lost] = [without(holds, held), without(held, holds)];
      return [
        ...(gained.length === 0
          ? []
          : [change("wider", about, say`${who} may now ${listed(gained)} ${path}`)]),
        ...(lost.length === 0
          ? []
          : [change("narrower", about, say`${who} may no longer ${listed(lost)} ${path}`)]),
      ];
    }),
  ];
}

function accountChanges(
  about: string,
  was: string | undefined,
  is: string | undefined,
): readonly AccessChange[] {
  if (was === is) return [];
  return [
    ...(is === undefined ? [] : [change("wider", about, say`service account ${is} may now log in`)]),
    ...(was === undefined
      ? []
      : [change("narrower", about, say`service account ${was} may no longer log in`)]),
  ];
}

/** Path -> capabilities. */
function grantsOf(account: Account | undefined): ReadonlyMap<string, readonly string[]> {
  return new Map((account?.grants ?? []).map(({ path, capabilities }) => [path, capabilities]));
}

function accountOf(account: Account | undefined): string | undefined {
  return account && `${account.namespace}/${account.serviceAccount}`;
}
