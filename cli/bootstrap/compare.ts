import { isDeepStrictEqual } from "node:util";
import type { Fields } from "./desired.ts";

/**
 * The fields that Vault holds otherwise than desired; fields that are not named do not count. Lists have no order, texts no
 * white space around them, and nothing is as good as empty, as Vault gives it back.
 */
export function differingFields(desired: Fields, found: Fields): readonly string[] {
  return Object.keys(desired).filter(
    (name) => !isDeepStrictEqual(comparable(desired[name]), comparable(found[name])),
  );
}

function comparable(value: unknown): unknown {
  if (value === undefined || value === null || value === "") return [];
  if (typeof value === "string") return value.trim();
  if (Array.isArray(value))
    return value
      .map(String)
      .map((item) => item.trim())
      .toSorted();
  if (typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, comparable(inner)]));
}
