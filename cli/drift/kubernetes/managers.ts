import { fieldsOf } from "../../../resources/values.ts";
import type { FieldDifference } from "../finding.ts";
import { shown } from "../shown.ts";
import { childOf, isEmpty } from "./compare.ts";

/** Kinds of which each field that somebody adds may grant or let through more. */
const CLOSED: readonly string[] = [
  "ClusterRole",
  "ClusterRoleBinding",
  "ConfigMap",
  "CronJob",
  "ExternalSecret",
  "NetworkPolicy",
  "Role",
  "RoleBinding",
  "SecretStore",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "VaultDynamicSecret",
];

/** What of an object is nobody's declaration: its identity, its state, and what controllers and people note on it. */
const OPEN: readonly string[] = ["apiVersion", "kind", "metadata", "status"];

interface Holder {
  /** The field manager and the time of its last write. */
  readonly by: string;
  /** As the API server notes it: `f:<name>` below each other; a leaf is an empty map, a list's entries begin otherwise. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Fields that somebody has put into an object and that the program does not declare. The API server notes who holds which
 * field (`metadata.managedFields`), and its own defaults are nobody's: so those are told apart.
 */
export function addedFields(declared: unknown, live: unknown): readonly FieldDifference[] {
  if (!CLOSED.includes(String(fieldsOf(declared).kind))) return [];
  const added = holdersOf(live).flatMap(({ by, fields }) =>
    addedBelow(fieldsOf(declared), fieldsOf(live), fields, "").map((one) => ({ ...one, by })),
  );
  return [...new Map(added.map((one) => [one.field, one])).values()];
}

function addedBelow(
  declared: Readonly<Record<string, unknown>>,
  live: Readonly<Record<string, unknown>>,
  held: Readonly<Record<string, unknown>>,
  field: string,
): readonly FieldDifference[] {
  return Object.entries(held).flatMap(([key, below]): readonly FieldDifference[] => {
    const name = key.startsWith("f:") ? key.slice(2) : undefined;
    // Entries of lists are compared with their lists.
    if (name === undefined || (field === "" && OPEN.includes(name)) || isEmpty(live[name])) return [];
    const child = childOf(field, name);
    if (declared[name] === undefined) return [{ field: child, found: shown(live[name]) ?? "" }];
    if (Array.isArray(live[name])) return [];
    return addedBelow(fieldsOf(declared[name]), fieldsOf(live[name]), fieldsOf(below), child);
  });
}

/** Who wrote last to a field or to something in it, where that can be told. */
export function holderOf(live: unknown, field: string): string | undefined {
  const names = field.replace(/\[\d+\].*$/, "").split(".");
  const holders = holdersOf(live).filter(({ fields }) => {
    const held = names.reduce<unknown>((below, name) => fieldsOf(below)[`f:${name}`], fields);
    return held !== undefined;
  });
  return holders.length === 1 ? holders[0]?.by : undefined;
}

function holdersOf(live: unknown): readonly Holder[] {
  const { managedFields } = fieldsOf(fieldsOf(live).metadata);
  if (!Array.isArray(managedFields)) return [];
  return managedFields
    .map(fieldsOf)
    .filter(({ subresource }) => subresource === undefined || subresource === "")
    .map(({ manager, time, fieldsV1 }) => ({ by: `${manager}, ${time}`, fields: fieldsOf(fieldsV1) }));
}
