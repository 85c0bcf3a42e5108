import Table from "cli-table3";
import { mebibytes } from "../processes/memory.ts";
import { type PodProcess, type ProcessStatus, type SandboxStatus, status } from "../sandbox.ts";

/** The exit code of `sandbox status` when something does not run; 1 means that the command itself failed. */
export const notUpExitCode = 3;

/** `sandbox status`: a table, or JSON for programs. */
export async function runStatus(options: { readonly json?: boolean }): Promise<void> {
  const current = await status();
  console.log(options.json ? JSON.stringify(current, null, 2) : renderStatus(current));
  process.exitCode = current.summary === "up" ? 0 : notUpExitCode;
}

export function renderStatus({ root, summary, processes, pods }: SandboxStatus): string {
  const table = new Table({
    head: ["process", "pid", "address", "state", "resident MiB"],
    colAligns: ["left", "right", "left", "left", "right"],
    style: { head: [], border: [] },
  });
  table.push(...processes.map(row), ...pods.map(podRow));
  const total = [...processes, ...pods].reduce((sum, one) => sum + one.residentBytes, 0);
  return `${table.toString()}\nThe sandbox in ${root} is ${summary}; ${mebibytes(total)} MiB resident in all.`;
}

function row({ name, pid, address, state, residentBytes }: ProcessStatus): string[] {
  return [name, String(pid ?? ""), address ?? "", state, pid === undefined ? "" : mebibytes(residentBytes)];
}

function podRow({ name, pid, residentBytes }: PodProcess): string[] {
  return [`pod: ${name}`, String(pid), "", "running", mebibytes(residentBytes)];
}
