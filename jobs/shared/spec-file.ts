import { readFile } from "node:fs/promises";
import type { z } from "zod";

/**
 * The specification that a pod has mounted.
 * @returns `undefined` where it is none; standard error then says which fields are wrong, or why it cannot be read
 */
export async function readSpec<T>(file: string, shape: z.ZodType<T>): Promise<T | undefined> {
  try {
    const parsed = shape.safeParse(JSON.parse(await readFile(file, "utf8")));
    if (parsed.success) return parsed.data;
    for (const { path, message } of parsed.error.issues)
      console.error(`${file}: ${path.join(".")}: ${message}`);
  } catch (error) {
    console.error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return undefined;
}
