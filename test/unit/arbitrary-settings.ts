import fc from "fast-check";
import { parseSettings } from "../../config/parse.ts";
import type { Settings } from "../../config/schema.ts";
import { changed, declared } from "./config/declarations.ts";

/** The checked declaration of a stack's own file. */
export function settingsOf(stack: "dev" | "prod"): Settings {
  return parseSettings(declared(stack), `Pulumi.${stack}.yaml`);
}

/** The same with the value at `path` replaced. */
export function settingsWith(
  path: readonly string[],
  value: unknown,
  stack: "dev" | "prod" = "dev",
): Settings {
  return parseSettings(changed(path, value, stack), "Pulumi.test.yaml");
}

const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,6}[a-z0-9]$/);
// Few segments and short paths, so that services share paths and repeat them.
const key = fc
  .array(fc.constantFrom("llm", "openai", "a", "b.c", "D_1", "data-1"), { minLength: 1, maxLength: 3 })
  .map((segments) => segments.join("/"));
const secretKey = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_.-]{0,7}$/);
const data = fc.dictionary(
  secretKey,
  key.map((path) => `${path}#value`),
  { minKeys: 1, maxKeys: 4 },
);
const dataFrom = fc.array(
  key.map((path) => ({ extract: { key: path } })),
  { maxLength: 2 },
);
const template = fc.record(
  {
    data: fc.dictionary(secretKey, fc.constant("{{ .value }}"), { maxKeys: 3 }),
    mergePolicy: fc.constantFrom("Replace", "Merge"),
  },
  { requiredKeys: [] },
);
const secret = fc.record(
  { data, dataFrom, template, creationPolicy: fc.constantFrom("Owner", "Orphan", "Merge") },
  { requiredKeys: ["data"] },
);

interface DeclaredSecret {
  readonly data: Record<string, string>;
  readonly dataFrom?: readonly { readonly extract: { readonly key: string } }[];
}

type Services = Record<string, { secrets: Record<string, DeclaredSecret> }>;

/** Names of secrets carry their service's, since they are unique in a namespace. */
const services: fc.Arbitrary<Services> = fc
  .dictionary(label, fc.dictionary(label, secret, { maxKeys: 3 }), { maxKeys: 3 })
  .map((byService) =>
    Object.fromEntries(
      Object.entries(byService).map(([service, secrets]) => [
        service,
        {
          secrets: Object.fromEntries(
            Object.entries(secrets).map(([name, fields]) => [`${service}.${name}`, fields]),
          ) as Record<string, DeclaredSecret>,
        },
      ]),
    ),
  );

/** What the namespaces of a stack file may declare, as raw as it stands there. */
export const rawNamespaces = fc.dictionary(
  label.filter((name) => name !== "vault"),
  fc.tuple(services, fc.boolean()).map(([declaredServices, isolated]) => {
    const some = Object.values(declaredServices).some(({ secrets }) => Object.keys(secrets).length > 0);
    return { isolation: isolated && some ? "service" : "namespace", store: {}, services: declaredServices };
  }),
  { maxKeys: 3 },
);

/** The dev stack's settings with other namespaces. */
export const anySettings = rawNamespaces.map((namespaces) => settingsWith(["namespaces"], namespaces));
