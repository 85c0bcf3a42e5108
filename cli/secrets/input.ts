import { buffer } from "node:stream/consumers";
import { password } from "@inquirer/prompts";
import type { DeclaredPath } from "./declared.ts";

/** Property -> text to put. */
export type Values = Readonly<Record<string, string>>;

/** Where a hidden prompt reads and writes; standard input and standard error when absent. */
export type PromptStreams = NonNullable<Parameters<typeof password>[1]>;

/** Values of a declared path: from a hidden prompt, or from standard input where that is no terminal. */
export async function valuesToPut(declared: DeclaredPath, property: string | undefined): Promise<Values> {
  if (process.stdin.isTTY) return promptValues(propertiesToPut(declared, property));
  return valuesFromText(declared, property, await buffer(process.stdin));
}

/**
 * The properties to ask for: the one named, else all that are declared.
 * @throws Error when the one named is not declared, or nothing says which properties there are
 */
export function propertiesToPut(declared: DeclaredPath, property: string | undefined): readonly string[] {
  if (property !== undefined) {
    refuseUndeclared(declared, [property], property);
    return [property];
  }
  if (declared.properties.length > 0) return declared.properties;
  throw new Error(
    `${declared.path} is declared as a whole, so its properties have no names yet: name one with --property <name>, ` +
      "or give all of them on standard input as a JSON map",
  );
}

/** Asks for each property, without an echo. Values of several lines go through standard input instead. */
export async function promptValues(properties: readonly string[], streams?: PromptStreams): Promise<Values> {
  const values: Record<string, string> = {};
  for (const property of properties) {
    values[property] = await password(
      { message: `Value of ${property} (hidden)`, validate: promptProblem, toggleMask: false },
      streams ?? { output: process.stderr },
    );
  }
  return values;
}

function promptProblem(value: string): string | true {
  if (value === "") return "an empty value is refused";
  return value.startsWith("-----BEGIN")
    ? "a value of several lines: give it on standard input (--property <name> < file)"
    : true;
}

/**
 * Values from standard input: with a property named, the whole text but one trailing newline (which `echo` and editors add);
 * otherwise a JSON map of property to text, each text exactly as it is. Messages never quote the input.
 */
export function valuesFromText(
  declared: DeclaredPath,
  property: string | undefined,
  bytes: Uint8Array,
): Values {
  const text = decode(bytes);
  const bare = text.replace(/\r?\n$/, "");
  if (bare === "")
    throw new Error("standard input is empty, and an empty value is refused: nothing was written");
  const values = property === undefined ? jsonValues(text) : { [property]: bare };
  refuseUndeclared(declared, Object.keys(values), property);
  const empty = Object.values(values).filter((value) => value === "").length;
  if (empty > 0) throw new Error("an empty value is refused: nothing was written");
  return values;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error(
      "standard input is not UTF-8 text: Vault's KV holds text. Encode it (base64) and decode it in the secret's template",
    );
  }
}

function jsonValues(text: string): Values {
  const parsed = parseJson(text);
  if (
    typeof parsed !== "object" ||
    parsed === null ||
    Array.isArray(parsed) ||
    Object.keys(parsed).length === 0
  ) {
    throw notAMap();
  }
  const entries = Object.entries(parsed);
  if (entries.some(([, value]) => typeof value !== "string")) {
    throw new Error("each value of the JSON map must be a text in quotes: nothing was written");
  }
  return Object.fromEntries(entries);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notAMap(); // the parser's own message quotes the text, which is the secret
  }
}

function notAMap(): Error {
  return new Error(
    'standard input must be a JSON map of property to text, e.g. {"api_key": "..."}; for one bare value name its property: ' +
      "--property <name>",
  );
}

/** `named` is the property from the command line, which alone may be quoted: names in the JSON may be values put the wrong way round. */
function refuseUndeclared(declared: DeclaredPath, names: readonly string[], named?: string): void {
  const unknown = declared.wholeSecret
    ? names.filter((name) => !/^[A-Za-z0-9_.-]+$/.test(name))
    : names.filter((name) => !declared.properties.includes(name));
  if (unknown.length === 0) return;
  const what =
    named === undefined
      ? `${unknown.length} propert${unknown.length === 1 ? "y" : "ies"}`
      : `the property ${named}`;
  throw new Error(
    declared.wholeSecret
      ? `${what} cannot be named so: use letters, digits, '_', '.' and '-'. Nothing was written`
      : `${what} of ${declared.path} is not declared, so nothing would read it. Declared: ${declared.properties.join(", ")}. ` +
          "Nothing was written",
  );
}
