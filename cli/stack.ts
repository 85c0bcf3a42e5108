import { readdir } from "node:fs/promises";
import type { Settings } from "../config/schema.ts";
import { readStackFile } from "../config/stack-file.ts";

/** A stack's file in the project's folder. */
export function stackFileName(stack: string): string {
  return `Pulumi.${stack}.yaml`;
}

/**
 * The declaration of a stack whose file stands in the working directory, which npm makes the project's own folder.
 * @throws Error that lists the stacks there are, ConfigError for a file with mistakes
 */
export async function stackSettings(stack: string): Promise<Settings> {
  const files = await readdir(".");
  const file = stackFileName(stack);
  if (files.includes(file)) return readStackFile(file);
  const stacks = files.flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? []);
  throw new Error(
    `There is no ${file} here. Stacks with a file: ${stacks.join(", ") || "none"} (--stack <name>)`,
  );
}
