import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { parse } from "yaml";
import { parseSettings } from "./parse.ts";
import { ConfigError, nearest, type Problem, pathText, show } from "./problems.ts";
import type { Settings } from "./schema.ts";
import { stackCollisions } from "./siblings.ts";

/** Prefix of this project's keys in a stack file; the name in Pulumi.yaml. */
export const PROJECT = "vault-management";

/**
 * The raw declaration in a stack file, keys without the project's prefix; keys of other projects and providers are left out.
 * @throws ConfigError when the text is no YAML map with a `config` map, when a key's prefix is absent or misspelt, or when
 * a value is a Pulumi secret: the declaration says where secrets stand, never what they are
 */
export function rawDeclaration(yaml: string, source: string): Readonly<Record<string, unknown>> {
  const config = mapIn(parseYaml(yaml, source), "config", source);
  const prefix = `${PROJECT}:`;
  const own = Object.entries(config).filter(([key]) => key.startsWith(prefix));
  const problems = [
    ...Object.keys(config).flatMap(prefixProblem),
    ...own.flatMap(([key, value]) => secureValues([key.slice(prefix.length)], value)),
  ];
  if (problems.length > 0) throw new ConfigError(source, problems);
  return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value]));
}

function prefixProblem(key: string): readonly Problem[] {
  const at = key.indexOf(":");
  const prefix = at < 0 ? "" : key.slice(0, at);
  const misspelt = prefix !== PROJECT && nearest(prefix, [PROJECT]) !== undefined;
  if (at >= 0 && !misspelt) return [];
  return [
    {
      path: pathText(["config", key]),
      found: `the key ${show(key)}`,
      allowed: `keys that begin with ${PROJECT}: (or with a provider's name)`,
      fix: `rename it to ${PROJECT}:${key.slice(at + 1)}`,
    },
  ];
}

function secureValues(path: readonly PropertyKey[], value: unknown): readonly Problem[] {
  if (typeof value !== "object" || value === null) return [];
  const encrypted = !Array.isArray(value) && "secure" in value && Object.keys(value).length === 1;
  // A map's name may be "secure" too; only a text below it is Pulumi's own form.
  if (encrypted && typeof value.secure === "string") {
    return [
      {
        path: pathText(path),
        found: "a Pulumi secret (secure:)",
        allowed:
          "plain fields; secret values stand in Vault alone, never in a stack's configuration or state",
        fix: "remove it here and put the value into Vault: npm run secrets -- put <path>",
      },
    ];
  }
  return Object.entries(value).flatMap(([key, inner]) =>
    secureValues([...path, Array.isArray(value) ? Number(key) : key], inner),
  );
}

/** Reads and checks one stack's file, its neighbours' collisions included: what commands do that run beside Pulumi. */
export async function readStackFile(file: string): Promise<Settings> {
  const source = basename(file);
  const settings = parseSettings(rawDeclaration(await readFile(file, "utf8"), source), source);
  await refuseCollisions(settings, source, dirname(file));
  return settings;
}

/**
 * Compares a stack with the other stack files of the project that use the same Vault.
 * @throws ConfigError with every mount, auth mount or role prefix that both claim
 */
export async function refuseCollisions(settings: Settings, source: string, directory: string): Promise<void> {
  const files = (await readdir(directory)).filter(
    (name) => /^Pulumi\..+\.yaml$/.test(name) && name !== source,
  );
  const others = await Promise.all(
    files.map(async (name) => ({
      name,
      raw: leniently(await readFile(join(directory, name), "utf8"), name),
    })),
  );
  const problems = others.flatMap(({ name, raw }) => stackCollisions(settings, name, raw));
  if (problems.length > 0) throw new ConfigError(source, problems);
}

/** Another stack's declaration; one that is not (yet) a declaration claims nothing, and is reported where it is deployed. */
function leniently(yaml: string, source: string): Readonly<Record<string, unknown>> {
  try {
    return rawDeclaration(yaml, source);
  } catch (error) {
    if (error instanceof ConfigError) return {};
    throw error;
  }
}

function parseYaml(yaml: string, source: string): unknown {
  try {
    return parse(yaml);
  } catch (error) {
    throw new ConfigError(source, [
      {
        path: "(the file)",
        // The first line alone: what follows quotes the file.
        found: (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "",
        allowed: "YAML",
        fix: "mend the YAML at the place named",
      },
    ]);
  }
}

function mapIn(document: unknown, key: string, source: string): Readonly<Record<string, unknown>> {
  const value = isMap(document) ? document[key] : undefined;
  if (isMap(value)) return value;
  throw new ConfigError(source, [
    {
      path: isMap(document) ? key : "(the file)",
      found: isMap(document) ? "no map" : "YAML that is not a map",
      allowed: `a map with ${key}: and, below it, keys that begin with ${PROJECT}:`,
      fix: "compare with Pulumi.dev.yaml",
    },
  ]);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
