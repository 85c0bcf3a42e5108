import { randomInt } from "node:crypto";
import type { Fields } from "../../../resources/values.ts";

export const passwordType = "random:index/randomPassword:RandomPassword";

/** Class -> field with its least number, and its characters, as Pulumi's provider has them. */
const classes = {
  lower: ["minLower", "abcdefghijklmnopqrstuvwxyz"],
  upper: ["minUpper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"],
  numeric: ["minNumeric", "0123456789"],
  special: ["minSpecial", "!@#$%&*()-_=+[]{}<>:?"],
} as const;

/** A value of the declared length and classes, each with its least number of characters. */
export function passwordOf(inputs: Fields): string {
  const taken = Object.entries(classes)
    .filter(([name]) => inputs[name] !== false)
    .map(([name, [least, characters]]) => ({
      least: Number(inputs[least] ?? 0),
      characters:
        name === "special" && typeof inputs.overrideSpecial === "string"
          ? inputs.overrideSpecial
          : characters,
    }));
  const all = taken.map(({ characters }) => characters).join("");
  const needed = taken.flatMap(({ least, characters }) =>
    Array.from({ length: least }, () => oneOf(characters)),
  );
  const rest = Array.from({ length: Number(inputs.length) - needed.length }, () => oneOf(all));
  return shuffled([...needed, ...rest]).join("");
}

function oneOf(characters: string): string {
  return characters.charAt(randomInt(characters.length));
}

/** Fisher and Yates: each order is as likely as any other. */
function shuffled(characters: readonly string[]): readonly string[] {
  const order = [...characters];
  for (let last = order.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [order[last], order[other]] = [order[other] ?? "", order[last] ?? ""];
  }
  return order;
}
