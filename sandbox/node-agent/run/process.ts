import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { constants } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { ProcessPlan } from "../plan/process-plan.ts";
import { exitCode } from "../status/termination.ts";

/** A started process, leader of a process group of its own. */
export type StartedProcess = {
  readonly pid: number;
  /** Resolves once, with Kubernetes' exit code (128 + signal number), after its whole group has been ended. */
  readonly exited: Promise<number>;
};

/** Starts a plan; its output goes to `fd`, which is closed here. Throws when the binary cannot be run. */
export async function startProcess(plan: ProcessPlan, fd: number): Promise<StartedProcess> {
  const [binary = "", ...args] = plan.argv;
  try {
    const child = spawn(binary, args, {
      cwd: plan.cwd,
      env: { ...plan.env },
      detached: true,
      stdio: ["ignore", fd, fd],
    });
    const exited = new Promise<number>((resolve) => {
      child.once("exit", (code, signal) => {
        if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
        resolve(exitCode(code, signal === null ? undefined : constants.signals[signal]));
      });
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    if (child.pid === undefined) throw new Error(`${binary} started without a process id`);
    return { pid: child.pid, exited };
  } finally {
    closeSync(fd);
  }
}

/** Asks the process to end (SIGTERM, as a container runtime does to process 1), then ends its group by force. */
export async function endProcess(started: StartedProcess, graceSeconds: number): Promise<number> {
  if (graceSeconds > 0) {
    signal(started.pid, "SIGTERM");
    const timer = new AbortController();
    const grace = delay(graceSeconds * 1000, "late" as const, { signal: timer.signal }).catch(
      () => "late" as const,
    );
    const first = await Promise.race([started.exited, grace]);
    timer.abort();
    if (first !== "late") return first;
  }
  signalGroup(started.pid, "SIGKILL");
  return started.exited;
}

/** Sends a signal to a whole process group; one that is gone already is fine. */
export function signalGroup(leader: number, name: NodeJS.Signals): void {
  signal(-leader, name);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
