import { sameValue } from "../../../resources/same.ts";
import { type Fields, fieldsOf } from "../../../resources/values.ts";
import type { FieldDifference } from "../finding.ts";
import { differingLines, shown } from "../shown.ts";
import type { Unsaid } from "./unsaid.ts";

/**
 * The fields that Vault holds otherwise than declared; of those that the declaration leaves out, the ones that `unsaid`
 * names. Whatever else Vault answers is its own default.
 * @param unsaid dotted field -> what Vault answers where nothing is said; absent is good too, and so is empty where that
 * says nothing
 */
export function vaultDifferences(
  declared: Fields,
  found: Fields,
  unsaid: Unsaid = {},
): readonly FieldDifference[] {
  return [...differing(declared, found, ""), ...added(declared, found, unsaid)];
}

function differing(declared: Fields, found: Fields, prefix: string): readonly FieldDifference[] {
  return Object.entries(declared).flatMap(([name, value]): readonly FieldDifference[] => {
    const other = found[name];
    if (sameValue(value, other) || (isEmpty(value) && isEmpty(other))) return [];
    const field = `${prefix}${name}`;
    if (isMap(value) && isMap(other)) return differing(value, other, `${field}.`);
    if (isLong(value) && typeof other === "string") return [{ field, ...differingLines(value, other) }];
    return [difference(field, value, other)];
  });
}

function added(declared: Fields, found: Fields, unsaid: Unsaid): readonly FieldDifference[] {
  return Object.entries(unsaid).flatMap(([field, usual]): readonly FieldDifference[] => {
    if (field.endsWith(".*")) return addedKeys(field.slice(0, -2), declared, found);
    const other = at(found, field);
    if (at(declared, field) !== undefined || saysNothing(other, usual) || sameValue(usual, other)) return [];
    return [difference(field, usual, other)];
  });
}

/** An older Vault leaves out what it does not know. An empty list or `false` in the place of something is a choice. */
function saysNothing(found: unknown, usual: unknown): boolean {
  const chosen = Array.isArray(found) || typeof found === "boolean";
  return isEmpty(found) && (!chosen || isEmpty(usual));
}

/** Of a map, such as an audit device's options, every key that is not declared. */
function addedKeys(field: string, declared: Fields, found: Fields): readonly FieldDifference[] {
  const known = fieldsOf(at(declared, field));
  return Object.entries(fieldsOf(at(found, field)))
    .filter(([key, value]) => known[key] === undefined && !isEmpty(value))
    .map(([key, value]) => difference(`${field}.${key}`, undefined, value));
}

function difference(field: string, declared: unknown, found: unknown): FieldDifference {
  const [left, right] = [shown(declared), shown(found)];
  return {
    field,
    ...(left === undefined ? {} : { declared: left }),
    ...(right === undefined ? {} : { found: right }),
  };
}

function at(fields: Fields, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => fieldsOf(value)[name], fields);
}

function isMap(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isLong(value: unknown): value is string {
  return typeof value === "string" && value.trim().includes("\n");
}

/** What Vault answers where nothing was said, in its several ways. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value === "object") return Object.keys(value).length === 0;
  return value === "" || value === 0 || value === false;
}
