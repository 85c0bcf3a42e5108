export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/**
 * A resource's input that must be a non-empty text, such as a name or a path.
 * @throws when it is absent: neither engine of ours makes names up
 */
export function requiredText(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === "string" && value !== "") return value;
  throw new Error(
    `the field ${name} is needed: found ${value === "" ? "an empty text" : typeof value}, allowed a text`,
  );
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What stands in a secret on the SDK's wire; fixed by its format (sdk/nodejs/runtime/rpc.ts). */
const SECRET = { key: "4dabf18193072939515e22adb298388d", signature: "1b47061264138c4ac30d75fd1eb44270" };

/** Inputs as a provider would get them: the SDK's mocks hand secrets over in their wrapping. */
export function unwrapped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrapped);
  if (typeof value !== "object" || value === null) return value;
  const fields = fieldsOf(value);
  if (fields[SECRET.key] === SECRET.signature) return unwrapped(fields.value);
  return Object.fromEntries(Object.entries(fields).map(([name, inner]) => [name, unwrapped(inner)]));
}

/** Inputs in Vault's words: `tokenMaxTtl` is `token_max_ttl`. */
export function body(inputs: Fields, without: readonly string[]): Fields {
  return Object.fromEntries(
    Object.entries(inputs)
      .filter(([name, value]) => !without.includes(name) && value !== undefined && value !== null)
      .map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
  );
}
