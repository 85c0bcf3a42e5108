import { createHash, randomBytes } from "node:crypto";
import { link, rename, rm, writeFile } from "node:fs/promises";
import { z } from "zod";
import { readIfExists } from "../state.ts";
import { isSameProcess, startTimeOf } from "./identity.ts";
import { until } from "./until.ts";

/** `nonce` tells two holds of one process apart. */
const holderSchema = z.object({ pid: z.int(), startTime: z.string(), nonce: z.string().optional() });

class HeldError extends Error {}

/**
 * Runs `work` while this process holds the lock file. A lock whose holder no longer runs is taken over;
 * one that is held is an error that names the holder.
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  await acquire(file, await newHolder());
  return releasing(file, work);
}

/** As {@link withLock}, but waits until nobody else holds the lock; for work that takes a moment only. */
export async function withLockInTurn<T>(
  file: string,
  deadlineMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const holder = await newHolder();
  await until(`nobody else held ${file}`, { deadlineMs }, async () => {
    try {
      await acquire(file, holder);
      return true;
    } catch (error) {
      if (error instanceof HeldError) return undefined;
      throw error;
    }
  });
  return releasing(file, work);
}

async function newHolder(): Promise<string> {
  return JSON.stringify({ pid: process.pid, startTime: await startTimeOf(process.pid), nonce: nonce() });
}

async function releasing<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function acquire(file: string, own: string): Promise<void> {
  for (;;) {
    if (await claim(file, own)) return;
    const seen = await readIfExists(file);
    if (seen === undefined) continue;
    await refuseIfHeld(file, seen);
    if (await takeOver(file, seen, own)) return;
  }
}

/** Creates the lock with its content in one step, so that nobody ever reads half of it. */
async function claim(file: string, content: string): Promise<boolean> {
  return withTemporary(file, content, async (temporary) => {
    try {
      await link(temporary, file);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
  });
}

async function refuseIfHeld(file: string, content: string): Promise<void> {
  const holder = holderSchema.safeParse(JSON.parse(content)).data;
  if (holder === undefined || !(await isSameProcess(holder.pid, holder.startTime))) return;
  throw new HeldError(
    `Another command (pid ${holder.pid}) is changing this sandbox: it holds ${file}. Wait until it has ended.`,
  );
}

/**
 * Several may find one stale lock. The right to replace exactly this content is a lock of its own, so only one does,
 * and who comes later sees that the content has changed.
 */
async function takeOver(file: string, stale: string, own: string): Promise<boolean> {
  const digest = createHash("sha256").update(stale).digest("hex").slice(0, 16);
  return withLock(`${file}.${digest}`, async () => {
    if ((await readIfExists(file)) !== stale) return false;
    await withTemporary(file, own, (temporary) => rename(temporary, file));
    return true;
  });
}

async function withTemporary<T>(
  file: string,
  content: string,
  use: (temporary: string) => Promise<T>,
): Promise<T> {
  const temporary = `${file}.${nonce()}`;
  await writeFile(temporary, content, { mode: 0o600 });
  try {
    return await use(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
}

function nonce(): string {
  return randomBytes(6).toString("hex");
}
