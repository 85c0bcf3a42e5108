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
  throw new Error(`the field ${name} is needed: found ${JSON.stringify(value)}, allowed a text`);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
