/** A CEL expression; what it gives is said where it is used. */
export type Cel = string;

/**
 * One thing that a policy asks of an object, in the four parts of every message. `found` and `allowed` are CEL that gives a
 * string, and are evaluated only when `holds` is false.
 */
export interface Rule {
  readonly field: string;
  readonly holds: Cel;
  readonly found: Cel;
  readonly allowed: Cel;
  readonly fix: string;
}

/** A text as a CEL string: CEL knows every escape that JSON writes. */
export function text(value: string): Cel {
  return JSON.stringify(value);
}

/** Texts as a CEL list of strings. */
export function texts(values: readonly string[]): Cel {
  return `[${values.map(text).join(", ")}]`;
}

/** CEL: the fields of a map that are not among `known`, as a list. */
export function unknownFields(map: Cel, known: readonly string[]): Cel {
  return `${map}.filter(field, !(field in ${texts(known)}))`;
}

/** A validation of `admissionregistration.k8s.io/v1`. `message` is what is said should the expression of the message fail. */
export function validation({ field, holds, found, allowed, fix }: Rule) {
  return {
    expression: holds,
    // 403: a preview goes on without the server's opinion, where 422 would end it.
    reason: "Forbidden",
    message: `${field} is not as declared; fix: ${fix}`,
    messageExpression: `${text(`${field}: found `)} + (${found}) + "; allowed: " + (${allowed}) + ${text(`; fix: ${fix}`)}`,
  };
}

/** A named expression of a policy, evaluated when first used. */
export interface Variable {
  readonly name: string;
  readonly expression: Cel;
}

/**
 * A map from texts to CEL values as variables, and the CEL that looks a key up. Several maps where one would be too long:
 * the API server compiles no expression of more than 100,000 characters (`ExpressionSizeCodePointLimit` of cel-go).
 */
export function table(
  name: string,
  entries: readonly (readonly [key: string, value: Cel])[],
): { readonly variables: readonly Variable[]; readonly lookup: (key: Cel, otherwise: Cel) => Cel } {
  const variables = chunks(entries.map(([key, value]) => `${text(key)}: ${value}`)).map((chunk, index) => ({
    name: `${name}${index}`,
    expression: `{${chunk.join(", ")}}`,
  }));
  return {
    variables,
    lookup: (key, otherwise) => {
      const [first, ...others] = variables.map((variable) => `variables.${variable.name}[?${key}]`);
      return `${first}${others.map((other) => `.or(${other})`).join("")}.orValue(${otherwise})`;
    },
  };
}

const CHUNK_CHARACTERS = 50_000;

function chunks(parts: readonly string[]): readonly (readonly string[])[] {
  const all: string[][] = [[]];
  let size = 0;
  for (const part of parts) {
    if (size > 0 && size + part.length > CHUNK_CHARACTERS) {
      all.push([]);
      size = 0;
    }
    all.at(-1)?.push(part);
    size += part.length + 2;
  }
  return all;
}
