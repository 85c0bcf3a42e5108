import { expect, vi } from "vitest";
import { readLiving } from "../../sandbox/processes/record.ts";
import { type SandboxAccess, up } from "../../sandbox/sandbox.ts";
import type { SandboxPaths } from "../../sandbox/state.ts";

/** Freezes the sandbox's processes while `work` is done: they neither answer nor end. */
export async function frozen<T>(
  paths: SandboxPaths,
  names: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const records = await Promise.all(names.map((name) => readLiving(paths, name)));
  const pids = records.flatMap((record) => (record === undefined ? [] : [record.pid]));
  if (pids.length < names.length) throw new Error(`not all of ${names.join()} run`);
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  try {
    return await work();
  } finally {
    for (const pid of pids) process.kill(pid, "SIGCONT");
  }
}

/** Ends one of the sandbox's processes at once; resolves when it is gone. */
export async function kill(paths: SandboxPaths, name: string): Promise<void> {
  const record = await readLiving(paths, name);
  if (record === undefined) throw new Error(`${name} does not run`);
  process.kill(record.pid, "SIGKILL");
  await vi.waitFor(async () => expect(await readLiving(paths, name)).toBeUndefined());
}

/**
 * Starts all Vault nodes anew after a majority hung. A leader that hung, or was left alone, may call itself active for ever
 * after, and fail whatever it is asked, also beside the one that was elected meanwhile (seen with Vault 1.21.1).
 */
export async function restarted({ paths, vault }: SandboxAccess): Promise<void> {
  for (const { name } of vault.nodes) await kill(paths, name);
  await up({ root: paths.root });
}
