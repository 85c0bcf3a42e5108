import type { DataEntry, GeneratedValue } from "./generated.ts";
import { randomBits } from "./generated-secrets.ts";
import type { Problem } from "./problems.ts";
import { pathText, show } from "./problems.ts";
import { mountOf } from "./rotation-settings.ts";
import type { Declaration } from "./schema.ts";

/** Below it NIST SP 800-63B, 5.1.2.2, asks whoever checks a secret to limit attempts: we cannot know that they do. */
const FEWEST_BITS = 64;

type Place = Pick<Entry, "mount" | "key">;

interface Entry extends DataEntry {
  readonly mount: string;
  /** Path in the stack's file. */
  readonly at: string;
}

type Generated = Entry & { readonly generated: GeneratedValue };

/** Rules over generated values: each is made once, by nobody else, and in production only by name. */
export function generatedProblems(declared: Declaration): readonly Problem[] {
  const entries = entriesOf(declared);
  const generated = entries.filter(isGenerated);
  return [
    ...madeTwice(generated),
    ...madeByNobody(entries, generated),
    ...rotatedAsWell(generated, declared),
    ...guessable(generated),
    ...(declared.tier === "production" ? notNamed(declared, generated) : []),
    ...namedForNothing(declared, generated),
  ];
}

function entriesOf({ namespaces, vault }: Declaration): readonly Entry[] {
  const onlyMount = Object.keys(vault.mounts)[0] ?? "";
  return Object.entries(namespaces).flatMap(([namespace, { store, services }]) =>
    Object.entries(services).flatMap(([service, { secrets }]) =>
      Object.entries(secrets).flatMap(([secret, { data }]) =>
        Object.entries(data).map(([key, entry]) => ({
          ...entry,
          mount: store?.mount ?? onlyMount,
          at: pathText(["namespaces", namespace, "services", service, "secrets", secret, "data", key]),
        })),
      ),
    ),
  );
}

function isGenerated(entry: Entry): entry is Generated {
  return entry.generated !== undefined;
}

function madeTwice(generated: readonly Generated[]): readonly Problem[] {
  return generated.flatMap((entry, index) => {
    const twin = generated
      .slice(0, index)
      .find((other) => samePath(entry, other) && other.property === entry.property);
    if (twin === undefined) return [];
    return [
      {
        path: entry.at,
        found: `${placeOf(entry)}, which is generated at ${twin.at} already`,
        allowed: "source: generated once for each value",
        fix: `write ${placeOf(entry)} here: a plain reference reads what is generated there`,
      },
    ];
  });
}

/** The secret is written as a whole: a property of somebody else's would be gone with the next write. */
function madeByNobody(entries: readonly Entry[], generated: readonly Generated[]): readonly Problem[] {
  return entries
    .filter((entry) => !isGenerated(entry))
    .flatMap((entry) => {
      const made = generated.filter((other) => samePath(entry, other));
      if (made.length === 0 || made.some(({ property }) => property === entry.property)) return [];
      return [
        {
          path: entry.at,
          found: `${placeOf(entry)}, at the path of generated values, and not generated itself`,
          allowed: `properties that are generated there: ${made.map(({ property }) => property).join(", ")}`,
          fix: "keep it at a path of its own, where a person puts it: only the generator writes at this one",
        },
      ];
    });
}

/** Two writers of one secret: each write of the one would be somebody else's to the other. */
function rotatedAsWell(generated: readonly Generated[], declared: Declaration): readonly Problem[] {
  const rotated = Object.entries(declared.rotation?.keys ?? {}).map(([name, key]) => ({
    key: key.path,
    mount: mountOf(key, declared),
    at: pathText(["rotation", "keys", name]),
  }));
  return generated.flatMap((entry) =>
    rotated
      .filter((other) => samePath(entry, other))
      .map((other) => ({
        path: entry.at,
        found: `${placeOf(entry)}, at the path that ${other.at} rotates`,
        allowed: "one writer for each KV secret: the generator or a rotation",
        fix: `keep the generated value at a path of its own, or write ${placeOf(entry)} here and let the rotation write it`,
      })),
  );
}

function guessable(generated: readonly Generated[]): readonly Problem[] {
  return generated
    .filter((entry) => randomBits(entry.generated) < FEWEST_BITS)
    .map(({ at, generated: { length, classes } }) => ({
      path: `${at}.length`,
      found: `${length} characters of ${classes.join(", ")}: ${Math.floor(randomBits({ length, classes }))} bits`,
      allowed: `at least ${FEWEST_BITS} bits`,
      fix: "make it longer, or of more classes",
    }));
}

function notNamed(
  { generated: { production } }: Declaration,
  generated: readonly Generated[],
): readonly Problem[] {
  return generated
    .filter((entry) => !production.includes(placeOf(entry)))
    .map((entry) => ({
      path: entry.at,
      found: "source: generated, with tier: production",
      allowed:
        "values that people or rotation put into Vault; generated ones only where generated.production names them",
      fix:
        `put it into Vault yourself (npm run secrets -- put ${entry.key}), or, if it may stand in the stack's state, ` +
        `encrypted, add ${placeOf(entry)} to generated.production`,
    }));
}

function namedForNothing(
  { generated: { production } }: Declaration,
  generated: readonly Generated[],
): readonly Problem[] {
  return production.flatMap((place, index) =>
    generated.some((entry) => placeOf(entry) === place)
      ? []
      : [
          {
            path: pathText(["generated", "production", index]),
            found: `${show(place)}, which no secret declares as generated`,
            allowed: generated.map(placeOf).join(" | ") || "nothing: no value is generated",
            fix: "remove it, or mend the path or property",
          },
        ],
  );
}

function samePath(a: Place, b: Place): boolean {
  return a.mount === b.mount && a.key === b.key;
}

function placeOf({ key, property }: Entry): string {
  return `${key}#${property}`;
}
