import { fieldsOf } from "../../../resources/values.ts";

/** Who wrote to an object, as the API server notes it in `metadata.managedFields`. */
export interface Holder {
  /** The field manager and the time of its last write. */
  readonly by: string;
  readonly manager: string;
  /** `f:<name>` below each other; a leaf is an empty map, a list's entries begin otherwise. */
  readonly fields: Readonly<Record<string, unknown>>;
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

export function holdersOf(live: unknown): readonly Holder[] {
  const { managedFields } = fieldsOf(fieldsOf(live).metadata);
  if (!Array.isArray(managedFields)) return [];
  return managedFields
    .map(fieldsOf)
    .filter(({ subresource }) => subresource === undefined || subresource === "")
    .map(({ manager, time, fieldsV1 }) => ({
      by: `${manager}, ${time}`,
      manager: String(manager),
      fields: fieldsOf(fieldsV1),
    }));
}

/**
 * The holders that wrote what is declared: whoever has the declared labels, which nobody touches who edits a field. Where
 * managers of several names have them, nobody can say which is whose, and none counts; Helm has a name for each program
 * that it runs in.
 */
export function authorsOf(declared: unknown, holders: readonly Holder[]): readonly Holder[] {
  const names = Object.keys(labelsOf(declared));
  const authors = holders.filter(({ fields }) => {
    const held = fieldsOf(fieldsOf(fields["f:metadata"])["f:labels"]);
    return names.some((name) => held[`f:${name}`] !== undefined);
  });
  if (isOfHelm(declared)) return authors.filter(({ manager }) => !manager.startsWith("kubectl"));
  return new Set(authors.map(({ manager }) => manager)).size === 1 ? authors : [];
}

/** Whether an object is of a chart, as charts label theirs. */
export function isOfHelm(declared: unknown): boolean {
  return labelsOf(declared)["app.kubernetes.io/managed-by"] === "Helm";
}

function labelsOf(declared: unknown): Readonly<Record<string, unknown>> {
  return fieldsOf(fieldsOf(fieldsOf(declared).metadata).labels);
}
