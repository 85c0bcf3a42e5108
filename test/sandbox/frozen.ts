import { readLiving } from "../../sandbox/processes/record.ts";
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
