import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import * as pulumi from "@pulumi/pulumi";
import { parseSettings } from "./parse.ts";
import type { Settings } from "./schema.ts";
import { rawDeclaration, refuseCollisions } from "./stack-file.ts";

/**
 * The running stack's declaration, checked: the only place that reads Pulumi's configuration.
 * @throws ConfigError with every problem of the stack's file
 */
export async function loadSettings(): Promise<Settings> {
  const source = `Pulumi.${pulumi.getStack()}.yaml`;
  const prefix = `${pulumi.getProject()}:`;
  const raw = Object.fromEntries(
    Object.entries(pulumi.runtime.allConfig())
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), structured(value)]),
  );
  await refuseSecrets(source);
  const settings = parseSettings(raw, source);
  await refuseCollisions(settings, source, process.cwd());
  return settings;
}

/** The engine hands secret configuration over decrypted; only the file still shows which values were encrypted. */
async function refuseSecrets(source: string): Promise<void> {
  if (existsSync(source)) rawDeclaration(await readFile(source, "utf8"), source);
}

/** The engine hands maps and lists over as JSON and plain texts as they are. */
function structured(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
