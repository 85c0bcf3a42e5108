import { open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type Evidence, evidenceSchema } from "./evidence.ts";

/** In the working directory, which npm makes the project's own folder. */
export function evidenceFileName(environment: string, incident: string): string {
  return `break-glass-${environment}-${incident}.json`;
}

/**
 * Finds out that a record can be kept in a folder, before there is anything to record.
 * @throws Error that says what to do
 */
export async function requireWritable(folder: string): Promise<void> {
  const probe = join(folder, `.break-glass-${process.pid}.tmp`);
  try {
    await writeFile(probe, "", { mode: 0o600 });
    await rm(probe);
  } catch (error) {
    throw new Error(
      `evidence file: found ${folder}, where none can be written (${(error as NodeJS.ErrnoException).code}). Allowed: a folder that ` +
        "takes files. Fix: run it from a checkout of the project that you may write to. Nothing was done.",
    );
  }
}

/** Writes the whole record, 0600: after a crash the file is the old one or the new one, never half of it. */
export async function writeEvidence(file: string, evidence: Evidence): Promise<void> {
  const beside = `${file}.${process.pid}.tmp`;
  const handle = await open(beside, "w", 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(evidence, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, file);
  const folder = await open(dirname(resolve(file)), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * @returns `undefined` where there is no such file
 * @throws Error for one that is no evidence file
 */
export async function readEvidence(file: string): Promise<Evidence | undefined> {
  const content = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (content === undefined) return undefined;
  const parsed = evidenceSchema.safeParse(parse(content));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join(".") || "the document";
  throw new Error(
    `${file} is no evidence file of break-glass (${place}: ${issue?.message}): take it as it was written. Nothing was changed.`,
  );
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
