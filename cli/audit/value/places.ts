import type { Fields } from "../../../audit/entry/access.ts";

/** Where in an entry one of the texts stands, as dotted paths. */
export function placesOf(entry: Fields, texts: ReadonlySet<string>): readonly string[] {
  return walk(entry, "", texts);
}

function walk(value: unknown, at: string, texts: ReadonlySet<string>): readonly string[] {
  if (typeof value === "string") return texts.has(value) ? [at] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    walk(inner, Array.isArray(value) ? `${at}[${key}]` : at === "" ? key : `${at}.${key}`, texts),
  );
}
