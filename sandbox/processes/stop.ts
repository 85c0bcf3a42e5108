import type { SandboxPaths } from "../state.ts";
import { isSameProcess } from "./identity.ts";
import { deleteRecord, type ProcessRecord, readLiving } from "./record.ts";
import { until } from "./until.ts";

/**
 * Ends a process that the sandbox recorded: SIGTERM, and SIGKILL after `graceMs`. A pid that meanwhile belongs to
 * another process is left alone. The record is removed. Returns whether there was something to end.
 */
export async function stopProcess(paths: SandboxPaths, name: string, graceMs: number): Promise<boolean> {
  const record = await readLiving(paths, name);
  if (record !== undefined && !(await endedAfter("SIGTERM", record, graceMs))) {
    if (!(await endedAfter("SIGKILL", record, 5_000))) {
      throw new Error(`${name} (pid ${record.pid}) still runs after SIGKILL.`);
    }
  }
  await deleteRecord(paths, name);
  return record !== undefined;
}

async function endedAfter(
  signal: NodeJS.Signals,
  record: ProcessRecord,
  deadlineMs: number,
): Promise<boolean> {
  try {
    process.kill(record.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
  const ended = async () => ((await isSameProcess(record.pid, record.startTime)) ? undefined : true);
  return until("it ended", { deadlineMs, intervalMs: 20 }, ended).catch(() => false);
}
