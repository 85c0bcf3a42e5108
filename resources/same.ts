import { fieldsOf } from "./values.ts";

/**
 * Whether what Vault answers is what was declared. Vault gives durations as seconds or as text, lists in an order of its
 * own, and more fields than were asked for.
 */
export function sameValue(declared: unknown, found: unknown): boolean {
  if (Array.isArray(declared)) return Array.isArray(found) && sameSet(declared, found);
  if (typeof declared === "object" && declared !== null) {
    const fields = fieldsOf(found);
    return Object.entries(declared).every(([name, value]) => sameValue(value, fields[name]));
  }
  if (declared === found) return true;
  if (typeof declared === "string" && typeof found === "string" && declared.trim() === found.trim())
    return true;
  const [left, right] = [seconds(declared), seconds(found)];
  return left !== undefined && left === right;
}

function sameSet(declared: readonly unknown[], found: readonly unknown[]): boolean {
  const sorted = (list: readonly unknown[]) => list.map((item) => String(item).trim()).sort();
  return JSON.stringify(sorted(declared)) === JSON.stringify(sorted(found));
}

const unitSeconds: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

/** Seconds of a number, a text of digits, or a Go duration such as `1h0m5s`; `undefined` for anything else. */
export function seconds(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return undefined;
  if (/^\d+$/.test(value)) return Number(value);
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(value)) return undefined;
  return [...value.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (unitSeconds[unit ?? ""] ?? 0),
    0,
  );
}
