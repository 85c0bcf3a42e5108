import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { parseSettings } from "./parse.ts";
import { ConfigError } from "./problems.ts";
import type { Settings } from "./schema.ts";
import { stackCollisions } from "./siblings.ts";

/** Prefix of this project's keys in a stack file; the name in Pulumi.yaml. */
export const PROJECT = "vault-management";

/**
 * The raw declaration in a stack file, keys without the project's prefix; keys of other projects and providers are left out.
 * @throws ConfigError when the text is no YAML map with a `config` map
 */
export function rawDeclaration(yaml: string, source: string): Readonly<Record<string, unknown>> {
  const config = mapIn(parseYaml(yaml, source), "config", source);
  const prefix = `${PROJECT}:`;
  return Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

/** Reads and checks one stack's file, its neighbours' collisions included: what commands do that run beside Pulumi. */
export async function readStackFile(file: string): Promise<Settings> {
  const source = basename(file);
  const settings = parseSettings(rawDeclaration(await readFile(file, "utf8"), source), source);
  await refuseCollisions(settings, source, join(file, ".."));
  return settings;
}

/**
 * Compares a stack with the other stack files of the project that use the same Vault.
 * @throws ConfigError with every mount, auth mount or role prefix that both claim
 */
export async function refuseCollisions(settings: Settings, source: string, directory: string): Promise<void> {
  const files = (await readdir(directory)).filter((name) => /^Pulumi\.[^.]+\.yaml$/.test(name) && name !== source);
  const others = await Promise.all(
    files.map(async (name) => ({ name, raw: rawDeclaration(await readFile(join(directory, name), "utf8"), name) })),
  );
  const problems = others.flatMap(({ name, raw }) => stackCollisions(settings, name, raw));
  if (problems.length > 0) throw new ConfigError(source, problems);
}

function parseYaml(yaml: string, source: string): unknown {
  try {
    return parse(yaml);
  } catch (error) {
    throw new ConfigError(source, [
      {
        path: "(the file)",
        found: error instanceof Error ? error.message : String(error),
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
