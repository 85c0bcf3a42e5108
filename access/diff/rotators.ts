import type { Settings } from "../../config/schema.ts";
import { type Rotator, rotatorsOf } from "../rotators.ts";
import { listed, say } from "../words.ts";
import { type AccessChange, change, without } from "./change.ts";

/** Which service accounts may change secrets, path by path. */
export function rotatorChanges(before: Settings, after: Settings): readonly AccessChange[] {
  const [was, is] = [byKey(before), byKey(after)];
  return [...new Set([...was.keys(), ...is.keys()])]
    .toSorted()
    .flatMap((key) => changesOf(`rotation.keys.${key}`, was.get(key), is.get(key)));
}

function byKey(settings: Settings): ReadonlyMap<string, Rotator> {
  return new Map(rotatorsOf(settings).map((one) => [one.key, one]));
}

function changesOf(
  about: string,
  was: Rotator | undefined,
  is: Rotator | undefined,
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
function grantsOf(rotator: Rotator | undefined): ReadonlyMap<string, readonly string[]> {
  return new Map((rotator?.grants ?? []).map(({ path, capabilities }) => [path, capabilities]));
}

function accountOf(rotator: Rotator | undefined): string | undefined {
  return rotator && `${rotator.namespace}/${rotator.serviceAccount}`;
}
