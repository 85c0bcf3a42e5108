/** What a described request may name between double braces. */
export type Placeholders = Readonly<
  Partial<Record<"name" | "project" | "id" | "cursor" | "admin" | "key", string>>
>;

/** Fills `{{name}}` in; a placeholder that this request has no value for is an error. */
export function fill(
  template: string,
  values: Placeholders,
  encode: (value: string) => string = (v) => v,
): string {
  return template.replaceAll(/\{\{\s*([a-z]+)\s*\}\}/g, (_, name: string) => {
    const value = values[name as keyof Placeholders];
    if (value === undefined) {
      const known = Object.keys(values).join(", ");
      throw new Error(`{{${name}}} stands for nothing in this request; it has ${known || "no placeholders"}`);
    }
    return encode(value);
  });
}

export function fillUrl(template: string, values: Placeholders): string {
  return fill(template, values, encodeURIComponent);
}

/** Fills in every text of a JSON value. */
export function fillDeep(template: unknown, values: Placeholders): unknown {
  if (typeof template === "string") return fill(template, values);
  if (Array.isArray(template)) return template.map((one) => fillDeep(one, values));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, one]) => [key, fillDeep(one, values)]));
}

/** What a JSON pointer (RFC 6901) points at; `undefined` where there is nothing. */
export function pointed(document: unknown, pointer: string): unknown {
  if (pointer === "") return document;
  return pointer
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>((at, token) => {
      if (Array.isArray(at)) return /^(0|[1-9][0-9]*)$/.test(token) ? at[Number(token)] : undefined;
      if (typeof at !== "object" || at === null || !Object.hasOwn(at, token)) return undefined;
      return (at as Readonly<Record<string, unknown>>)[token];
    }, document);
}
