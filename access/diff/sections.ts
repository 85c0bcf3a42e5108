import { pathText, show } from "../../config/problems.ts";
import type { Settings } from "../../config/schema.ts";
import { say } from "../words.ts";
import { type AccessChange, change } from "./change.ts";

/** Operators' rights, the limits to what may be declared beside the stack, and what Vault does in databases, with which SQL. */
const SECTIONS: readonly (readonly [readonly string[], (settings: Settings) => unknown])[] = [
  [["operators"], ({ operators }) => operators],
  [["externalSecrets", "admission"], ({ externalSecrets }) => externalSecrets.admission],
  [["databases"], databasesByName],
];

function databasesByName({ databases }: Settings): unknown {
  return Object.fromEntries(
    databases.map(({ name, roles, ...connection }) => [
      name,
      { ...connection, roles: Object.fromEntries(roles.map(({ name: role, ...fields }) => [role, fields])) },
    ]),
  );
}

/**
 * Every field of these sections that is not as before, by its place. Whether a field binds or frees somebody depends on
 * the field, so what is new or changed counts as wider, for a person to look at.
 */
export function sectionChanges(before: Settings, after: Settings): readonly AccessChange[] {
  return SECTIONS.flatMap(([path, value]) => {
    const was = new Map(leaves(path, value(before)));
    const is = new Map(leaves(path, value(after)));
    const places = new Set([...was.keys(), ...is.keys()]);
    return [...places].toSorted().flatMap((place) => fieldChange(place, was.get(place), is.get(place)));
  });
}

/** A list's members are compared as a set. */
function fieldChange(
  place: string,
  was: readonly unknown[] = [],
  is: readonly unknown[] = [],
): readonly AccessChange[] {
  const added = withoutValues(is, was);
  const gone = withoutValues(was, is);
  if (added.length === 1 && gone.length === 1) {
    return [change("wider", place, say`${place} is ${show(added[0])} instead of ${show(gone[0])}`)];
  }
  return [
    ...added.map((one) => change("wider", place, say`${place}: ${show(one)} is new`)),
    ...gone.map((one) => change("different", place, say`${place}: ${show(one)} is gone`)),
  ];
}

/** By the whole value: what is shown of a long one is its beginning. */
function withoutValues(list: readonly unknown[], other: readonly unknown[]): readonly unknown[] {
  const texts = new Set(other.map((one) => JSON.stringify(one)));
  return list.filter((one) => !texts.has(JSON.stringify(one)));
}

function leaves(
  path: readonly PropertyKey[],
  value: unknown,
): readonly (readonly [string, readonly unknown[]])[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return [[pathText(path), value]];
  if (typeof value !== "object" || value === null) return [[pathText(path), [value]]];
  return Object.entries(value).flatMap(([key, inner]) => leaves([...path, key], inner));
}
