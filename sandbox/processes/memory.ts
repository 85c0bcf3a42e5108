import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * The resident memory of a process in bytes, pages that it shares with others included; 0 if there is no such process.
 * Linux: `VmRSS` of /proc/<pid>/status (kB, proc(5)). Elsewhere: `ps -o rss=` (KiB).
 */
export async function residentBytes(pid: number): Promise<number> {
  const kibibytes = process.platform === "linux" ? await linuxResident(pid) : await psResident(pid);
  return kibibytes * 1024;
}

async function linuxResident(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
}

async function psResident(pid: number): Promise<number> {
  const answer = await run("ps", ["-o", "rss=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return Number(answer.stdout.trim() || 0);
}

/** Whole mebibytes, for a table. */
export function mebibytes(bytes: number): string {
  return String(Math.round(bytes / 2 ** 20));
}
