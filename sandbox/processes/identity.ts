import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * When a process started, as an opaque text that differs between two processes that had the same pid;
 * `undefined` if there is no such process or only its zombie.
 * Linux: the boot's id and field 22 of /proc/<pid>/stat (clock ticks since boot, proc(5)). Elsewhere: `ps -o lstart=`.
 */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  return process.platform === "linux" ? linuxStartTime(pid) : psStartTime(pid);
}

/** Whether `pid` still is the process that started at `startTime`. */
export async function isSameProcess(pid: number, startTime: string): Promise<boolean> {
  return (await startTimeOf(pid)) === startTime;
}

/** Whether some process has the pid now, this user's or not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The state letter and the start time in ticks, of one line of /proc/<pid>/stat. */
export function parseStat(stat: string): { readonly state: string; readonly startTicks: string } {
  // The second field is the command's name in parentheses, and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", startTicks: fields[19] ?? "" };
}

async function linuxStartTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return undefined;
  const { state, startTicks } = parseStat(stat);
  if (state === "Z" || state === "X") return undefined;
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "");
  return `${boot.trim()}:${startTicks}`;
}

async function psStartTime(pid: number): Promise<string | undefined> {
  const env = { PATH: "/bin:/usr/bin", LC_ALL: "C" };
  const answer = await run("ps", ["-o", "stat=", "-o", "lstart=", "-p", String(pid)], { env })
    .then(({ stdout }) => stdout.trim())
    .catch(() => ""); // ps fails when there is no such process
  const [state, ...started] = answer.split(/\s+/);
  return state === undefined || state === "" || state.startsWith("Z") ? undefined : started.join(" ");
}
