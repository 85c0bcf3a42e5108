import type { CharacterClass, GeneratedValue } from "../../config/generated.ts";
import { alphabets } from "../../config/generated-secrets.ts";

/** Inputs of `random.RandomPassword` for a declared value: each class stands in it at least once, all others never. */
export function passwordArgs({ length, classes, epoch }: GeneratedValue) {
  const has = (name: CharacterClass) => classes.includes(name);
  const least = (name: CharacterClass) => (has(name) ? 1 : 0);
  return {
    length,
    lower: has("lower"),
    minLower: least("lower"),
    upper: has("upper"),
    minUpper: least("upper"),
    numeric: has("numeric"),
    minNumeric: least("numeric"),
    special: has("special"),
    minSpecial: least("special"),
    ...(has("special") ? { overrideSpecial: alphabets.special } : {}),
    // Another epoch is another value.
    keepers: { epoch: String(epoch) },
  };
}
