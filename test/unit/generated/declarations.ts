import { parseSettings } from "../../../config/parse.ts";
import type { Settings } from "../../../config/schema.ts";
import { changed, type Raw, secretPath, withSecret } from "../config/declarations.ts";

/** A generated entry of `llm/db`, as a stack's file has it. */
export function generated(property: string, fields: Raw = {}): Raw {
  return { source: "generated", remoteRef: { key: "llm/db", property }, ...fields };
}

/** The dev stack with these as the data of its one secret. */
export function settingsWithData(data: Raw): Settings {
  return parseSettings(withSecret({ data }), "Pulumi.test.yaml");
}

/** The prod stack with these as the data of its one secret, and these values named. */
export function productionWith(data: Raw, production: readonly string[]): Raw {
  const secrets = ["namespaces", "llm", "services", "llm-gateway", "secrets", "openai-api-key"];
  return { ...changed(secrets, { data }, "prod"), generated: { production } };
}

export const dataPath = `${secretPath}.data`;
