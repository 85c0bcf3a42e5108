import { isDeepStrictEqual } from "node:util";
import { seconds } from "../../../resources/same.ts";
import { fieldsOf } from "../../../resources/values.ts";
import type { FieldDifference } from "../finding.ts";
import { shown } from "../shown.ts";

/**
 * The fields of an object that are not as declared. What the API server or a controller has added does not count; a list
 * counts as a whole, since one more entry (a subject, a rule, a key) may be what matters.
 */
export function objectDifferences(declared: unknown, live: unknown): readonly FieldDifference[] {
  const { metadata, status: _, ...rest } = fieldsOf(declared);
  const { labels = {}, annotations = {} } = fieldsOf(metadata);
  const found = fieldsOf(live);
  return [
    ...differing({ labels, annotations: ownAnnotations(annotations) }, fieldsOf(found.metadata), "metadata"),
    ...differing(rest, found, ""),
  ];
}

/** Pulumi's own say how an update waits; nothing in the cluster reads them. */
function ownAnnotations(annotations: unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fieldsOf(annotations)).filter(([name]) => !name.startsWith("pulumi.com/")),
  );
}

function differing(declared: unknown, live: unknown, field: string): readonly FieldDifference[] {
  if (isEmpty(declared) && isEmpty(live)) return [];
  if (Array.isArray(declared)) return differingList(declared, live, field);
  if (typeof declared === "object" && declared !== null) {
    if (typeof live !== "object" || live === null) return [difference(field, declared, live)];
    const found = fieldsOf(live);
    return Object.entries(declared).flatMap(([name, value]) =>
      differing(value, found[name], childOf(field, name)),
    );
  }
  return sameScalar(declared, live) ? [] : [difference(field, declared, live)];
}

function differingList(
  declared: readonly unknown[],
  live: unknown,
  field: string,
): readonly FieldDifference[] {
  const found: readonly unknown[] = Array.isArray(live) ? live : [];
  if (found.length === declared.length) {
    return declared.flatMap((item, index) => differing(item, found[index], `${field}[${index}]`));
  }
  const missing = declared.filter((item) => !found.some((one) => differing(item, one, "").length === 0));
  const more = found.filter((item) => !declared.some((one) => differing(one, item, "").length === 0));
  return [difference(field, missing, more)];
}

function difference(field: string, declared: unknown, found: unknown): FieldDifference {
  const [left, right] = [
    isEmpty(declared) ? undefined : shown(declared),
    isEmpty(found) ? undefined : shown(found),
  ];
  return {
    field,
    ...(left === undefined ? {} : { declared: left }),
    ...(right === undefined ? {} : { found: right }),
  };
}

/** A field's name as kubectl writes it; names with dots stand in brackets. */
export function childOf(field: string, name: string): string {
  if (/[.[\]]/.test(name)) return `${field}[${JSON.stringify(name)}]`;
  return field === "" ? name : `${field}.${name}`;
}

/** Absent, as the API server leaves out what is empty. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function sameScalar(declared: unknown, live: unknown): boolean {
  if (isDeepStrictEqual(declared, live)) return true;
  if (typeof declared !== "string" || typeof live !== "string") return false;
  const durations = [seconds(declared), seconds(live)];
  if (durations[0] !== undefined && durations[0] === durations[1]) return true;
  const quantities = [quantity(declared), quantity(live)];
  return quantities[0] !== undefined && quantities[0] === quantities[1];
}

const SUFFIXES: Readonly<Record<string, number>> = {
  "": 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/** A quantity of Kubernetes as a number: the API server writes `1000m` as `1`. */
function quantity(text: string): number | undefined {
  const [, number, suffix = ""] = /^(\d+(?:\.\d+)?)(m|k|M|G|Ki|Mi|Gi)?$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * (SUFFIXES[suffix] ?? Number.NaN);
}
