import { readFile } from "node:fs/promises";
import { Ajv, type ValidateFunction } from "ajv";
import { type CrdManifest, crdManifests } from "../../../components/external-secrets/crds.ts";
import { esoManifests } from "../eso-crds.ts";

interface Version {
  readonly name: string;
  readonly schema: { readonly openAPIV3Schema: Schema };
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly [keyword: string]: unknown;
}

/** Object kinds -> a check against ESO's own schema that allows nothing unknown. */
export async function esoSchemas(): Promise<Readonly<Record<string, ValidateFunction>>> {
  const { crds } = await esoManifests();
  return schemasOf(crdManifests(await readFile(crds, "utf8"), crds));
}

/** Object kinds -> a check against their definitions' schemas that allows nothing unknown. */
export function schemasOf(definitions: readonly CrdManifest[]): Readonly<Record<string, ValidateFunction>> {
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    formats: { byte: true, int64: true, int32: true, "date-time": true },
    code: { regExp: goRegExp },
  });
  const served = definitions.flatMap(({ spec }) => {
    const { kind } = spec.names as { readonly kind: string };
    const version = (spec.versions as readonly Version[]).find(
      ({ name }) => name === "v1" || name === "v1alpha1",
    );
    return version === undefined ? [] : [[kind, ajv.compile(objectSchema(version))] as const];
  });
  return Object.fromEntries(served);
}

/** As Go has it: `(?i)` inside a pattern holds for all of it, and JavaScript has a flag for that. */
const goRegExp = Object.assign(
  (pattern: string, flags: string) =>
    pattern.includes("(?i)")
      ? new RegExp(pattern.replace("(?i)", ""), `${flags}i`)
      : new RegExp(pattern, flags),
  { code: "new RegExp" },
);

/** Metadata is an object of its own in the API server; the rest is as in the definition. */
function objectSchema({ schema }: Version): Schema {
  const { metadata: _, ...properties } = closed(schema.openAPIV3Schema).properties ?? {};
  return {
    ...schema.openAPIV3Schema,
    additionalProperties: false,
    properties: { ...properties, metadata: {} },
  };
}

/** The API server drops unknown fields without a word: here they are errors. */
function closed(schema: Schema): Schema {
  const inner = Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => [keyword, closedKeyword(keyword, value)]),
  );
  const open =
    schema.properties === undefined ||
    "additionalProperties" in schema ||
    schema["x-kubernetes-preserve-unknown-fields"] === true;
  return open ? inner : { ...inner, additionalProperties: false };
}

function closedKeyword(keyword: string, value: unknown): unknown {
  if (keyword === "properties") {
    const properties = value as Readonly<Record<string, Schema>>;
    return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, closed(schema)]));
  }
  const nested = keyword === "items" || keyword === "additionalProperties";
  return nested && typeof value === "object" && value !== null ? closed(value as Schema) : value;
}
