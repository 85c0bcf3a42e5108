import { constants } from "node:fs";
import { access, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Whether `path` is a regular file that this user may execute. */
export async function isExecutableFile(path: string): Promise<boolean> {
  if (!(await isFile(path))) return false;
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/**
 * Copies a folder's files and folders with this user's default permissions: what lies in Go's module cache is
 * read-only, and a read-only copy could neither be edited nor removed.
 */
export async function copyWritable(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) await copyWritable(source, target);
    else if (entry.isFile()) await writeFile(target, await readFile(source));
  }
}
