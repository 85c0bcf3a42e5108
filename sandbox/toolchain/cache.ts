import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import envPaths from "env-paths";
import { isAlive } from "../processes/identity.ts";

/** Work of a process that cannot be looked up (another machine on a shared home) is stale after a day. */
const staleAfterMs = 24 * 3_600_000;
const workPrefix = ".work-";

/** `SANDBOX_CACHE`, else the user's cache directory (which honours XDG_CACHE_HOME on Linux). */
export function defaultCacheDirectory(env: NodeJS.ProcessEnv): string {
  return resolve(env.SANDBOX_CACHE || join(envPaths("vault-management", { suffix: "" }).cache, "toolchain"));
}

/** A hash of a module's `go.mod` and `go.sum` and of whatever else shapes what is made from it. */
export async function contentKey(moduleDirectory: string, parts: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum"]) {
    const content = await readFile(join(moduleDirectory, file));
    hash.update(`${file} ${content.length}\n`).update(content);
  }
  return hash.update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

/** A new folder inside the cache for one piece of work, on the same file system as what it will become. */
export async function createWorkDirectory(cacheDirectory: string): Promise<string> {
  const name = `${workPrefix}${process.pid}-${randomBytes(4).toString("hex")}-${hostname()}`;
  const directory = join(cacheDirectory, name);
  await mkdir(directory, { recursive: true });
  return directory;
}

/** Removes what interrupted runs left behind, and nothing that a living process is working on. */
export async function sweepStaleWork(cacheDirectory: string): Promise<void> {
  const names = await readdir(cacheDirectory).catch(() => []);
  for (const name of names.filter((candidate) => candidate.startsWith(workPrefix))) {
    const directory = join(cacheDirectory, name);
    if (await isStale(directory, name)) await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Puts finished work under its final name in one step, so that the name never stands for half a file.
 * Of two processes that publish the same thing the last file wins, or the first folder.
 */
export async function publish(work: string, final: string): Promise<void> {
  await mkdir(dirname(final), { recursive: true });
  await flush(work);
  try {
    await rename(work, final);
  } catch (error) {
    // A folder cannot be renamed onto one that has content: somebody else published the same content.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
  }
}

/** A rename may reach the disk before the data does; after a power cut the name would stand for an empty file. */
async function flush(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function isStale(directory: string, name: string): Promise<boolean> {
  const [, pid, host] = /^\.work-(\d+)-[0-9a-f]+-(.*)$/.exec(name) ?? [];
  if (host === hostname() && !isAlive(Number(pid))) return true;
  const found = await stat(directory).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > staleAfterMs;
}
