import { randomBytes } from "node:crypto";
import { link, rename, rm, writeFile } from "node:fs/promises";
import { z } from "zod";
import { readIfExists } from "../state.ts";
import { isSameProcess, startTimeOf } from "./identity.ts";

const holderSchema = z.strictObject({ pid: z.int(), startTime: z.string() });

/**
 * Runs `work` while this process holds the lock file. A lock whose holder no longer runs is taken over;
 * one that is held is an error that names the holder.
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const own = JSON.stringify({ pid: process.pid, startTime: await startTimeOf(process.pid) });
  while (!(await claim(file, own))) await removeStale(file);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** Creates the lock with its content in one step, so that nobody ever reads half of it. */
async function claim(file: string, content: string): Promise<boolean> {
  const temporary = temporaryName(file);
  await writeFile(temporary, content, { mode: 0o600 });
  try {
    await link(temporary, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function removeStale(file: string): Promise<void> {
  const seen = await readIfExists(file);
  if (seen === undefined) return;
  const holder = holderSchema.safeParse(JSON.parse(seen)).data;
  if (holder !== undefined && (await isSameProcess(holder.pid, holder.startTime))) {
    throw new Error(
      `Another command (pid ${holder.pid}) is changing this sandbox: it holds ${file}. Wait until it has ended.`,
    );
  }
  await takeAway(file, seen);
}

/** Another process may have taken the stale lock over since it was read: then what was moved away is put back. */
async function takeAway(file: string, stale: string): Promise<void> {
  const aside = temporaryName(file);
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if ((await readIfExists(aside)) !== stale) await link(aside, file);
  await rm(aside, { force: true });
}

function temporaryName(file: string): string {
  return `${file}.${randomBytes(6).toString("hex")}`;
}
