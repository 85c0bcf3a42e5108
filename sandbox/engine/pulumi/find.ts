import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** What a deployment needs beside Node. */
const needed = [
  "pulumi",
  "pulumi-language-nodejs",
  "pulumi-resource-kubernetes",
  "pulumi-resource-vault",
  "pulumi-resource-random",
] as const;

/** Which of the Pulumi CLI and its plugins are not on PATH; empty when all are. */
export async function missingFromPath(path: string): Promise<readonly string[]> {
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  const present = await Promise.all(needed.map((name) => isOnPath(name, folders)));
  return needed.filter((_, index) => !present[index]);
}

async function isOnPath(name: string, folders: readonly string[]): Promise<boolean> {
  const found = await Promise.allSettled(folders.map((folder) => access(join(folder, name), constants.X_OK)));
  return found.some(({ status }) => status === "fulfilled");
}
