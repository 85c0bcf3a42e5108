import { rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readIfExists, type SandboxPaths, writePrivate } from "../state.ts";
import { isSameProcess } from "./identity.ts";

const recordSchema = z.strictObject({
  name: z.string(),
  pid: z.int().positive(),
  startTime: z.string(),
  command: z.array(z.string()),
});

/** A process that the sandbox started. `startTime` (see `startTimeOf`) tells it from a later one with the same pid. */
export type ProcessRecord = Readonly<z.infer<typeof recordSchema>>;

export async function writeRecord(paths: SandboxPaths, record: ProcessRecord): Promise<void> {
  await writePrivate(fileOf(paths, record.name), `${JSON.stringify(record, null, 2)}\n`);
}

/** The record of a process, running or not; `undefined` if none was written, or it is not one of ours. */
export async function readRecord(paths: SandboxPaths, name: string): Promise<ProcessRecord | undefined> {
  const text = await readIfExists(fileOf(paths, name));
  return text === undefined ? undefined : recordSchema.safeParse(parse(text)).data;
}

/** The record of a process that is still running. */
export async function readLiving(paths: SandboxPaths, name: string): Promise<ProcessRecord | undefined> {
  const record = await readRecord(paths, name);
  return record !== undefined && (await isSameProcess(record.pid, record.startTime)) ? record : undefined;
}

export async function deleteRecord(paths: SandboxPaths, name: string): Promise<void> {
  await rm(fileOf(paths, name), { force: true });
}

function fileOf(paths: SandboxPaths, name: string): string {
  return join(paths.processes, `${name}.json`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
