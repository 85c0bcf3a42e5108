import { type Fields, fieldsOf } from "../../../resources/values.ts";
import type { FieldDifference } from "../finding.ts";
import { shown } from "../shown.ts";
import { childOf } from "./compare.ts";
import { authorsOf, holdersOf, isOfHelm } from "./managers.ts";
import { isOthers, isUsual } from "./usual.ts";

/** Kinds of which each field that somebody adds may grant or let through more. */
const CLOSED: readonly string[] = [
  "ClusterRole",
  "ClusterRoleBinding",
  "ConfigMap",
  "CronJob",
  "Deployment",
  "ExternalSecret",
  "NetworkPolicy",
  "Role",
  "RoleBinding",
  "SecretStore",
  "Service",
  "ServiceAccount",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "VaultDynamicSecret",
];

/** What of an object is nobody's declaration: its identity, its state, and what controllers and people note on it. */
const OPEN: readonly string[] = ["apiVersion", "kind", "metadata", "status"];

/** A place in an object, as declared, as it is, and as the API server notes who holds what of it. */
interface Place {
  readonly field: string;
  readonly declared: unknown;
  readonly live: unknown;
  /** What one holder has of it. */
  readonly held: Fields;
  /** What those have of it who wrote what is declared. */
  readonly authors: readonly Fields[];
}

/**
 * Fields that somebody has put into an object and that the program does not declare, within lists too. The API server notes
 * who holds which field (`metadata.managedFields`), and its own defaults are nobody's: so those are told apart. Of a list or
 * a map that it notes as one (ESO's lists, rules, selectors) whoever changes a field holds all of it: there what nobody
 * declared and no server fills in is what was added.
 */
export function addedFields(declared: unknown, live: unknown): readonly FieldDifference[] {
  const kind = String(fieldsOf(declared).kind);
  if (!CLOSED.includes(kind)) return [];
  const holders = holdersOf(live);
  const authors = authorsOf(declared, holders);
  // Helm creates objects, and a creator holds the server's defaults with its own fields.
  const looked = isOfHelm(declared) ? holders.filter((one) => !authors.includes(one)) : holders;
  const added = looked.flatMap(({ by, fields }) =>
    addedBelow({ field: "", declared, live, held: fields, authors: authors.map((one) => one.fields) })
      .filter(({ field }) => !isOthers(kind, field))
      .map((one) => ({ ...one, by })),
  );
  return [...new Map(added.map((one) => [one.field, one])).values()];
}

/** As the API server notes it: `f:<name>` a field, `k:<keys>` an entry of a list that has keys; a leaf is an empty map. */
function addedBelow(place: Place): readonly FieldDifference[] {
  return Object.keys(place.held).flatMap((key) => {
    if (key.startsWith("f:")) return addedField(place, key);
    if (key.startsWith("k:")) return addedInEntry(place, key);
    return [];
  });
}

function addedField(place: Place, key: string): readonly FieldDifference[] {
  const name = key.slice(2);
  const [declared, live] = [fieldsOf(place.declared)[name], fieldsOf(place.live)[name]];
  if ((place.field === "" && OPEN.includes(name)) || isUsual(name, live)) return [];
  const child = { ...below(place, key), field: childOf(place.field, name), declared, live };
  const asOne = Object.keys(child.held).length === 0;
  // Each annotation is another one's.
  if (declared === undefined && name === "annotations" && !asOne) return addedBelow(child);
  if (declared === undefined) return [difference(child.field, live)];
  if (!asOne) return addedBelow(child);
  return child.authors.length > 0 ? [] : addedInside(declared, live, child.field);
}

/** An entry that is not declared, or not there, is seen where the lists are compared. */
function addedInEntry(place: Place, key: string): readonly FieldDifference[] {
  const keys = fieldsOf(JSON.parse(key.slice(2)));
  const [declared, live] = [listOf(place.declared), listOf(place.live)];
  const index = live.findIndex((one) => hasKeys(one, keys));
  const entry = declared.find((one) => hasKeys(one, keys));
  if (index === -1 || entry === undefined) return [];
  return addedBelow({
    ...below(place, key),
    field: `${place.field}[${index}]`,
    declared: entry,
    live: live[index],
  });
}

/** A key may be left out where it has a default, such as a port's protocol. */
function hasKeys(entry: unknown, keys: Fields): boolean {
  const fields = fieldsOf(entry);
  return Object.entries(keys).every(
    ([name, value]) => fields[name] === value || (fields[name] === undefined && isUsual(name, value)),
  );
}

function below({ held, authors }: Place, key: string): Pick<Place, "held" | "authors"> {
  return {
    held: fieldsOf(held[key]),
    authors: authors.flatMap((one) => (one[key] === undefined ? [] : [fieldsOf(one[key])])),
  };
}

/** What is in `live` beyond what is declared. Lists of different lengths are seen where they are compared. */
function addedInside(declared: unknown, live: unknown, field: string): readonly FieldDifference[] {
  if (Array.isArray(declared)) {
    const found = listOf(live);
    if (found.length !== declared.length) return [];
    return found.flatMap((item, index) => addedInside(declared[index], item, `${field}[${index}]`));
  }
  if (typeof declared !== "object" || typeof live !== "object") return [];
  const known = fieldsOf(declared);
  return Object.entries(fieldsOf(live)).flatMap(([name, value]) => {
    const child = childOf(field, name);
    if (known[name] !== undefined) return addedInside(known[name], value, child);
    return isUsual(name, value) ? [] : [difference(child, value)];
  });
}

function difference(field: string, live: unknown): FieldDifference {
  return { field, found: shown(live) ?? "" };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
