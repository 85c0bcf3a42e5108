import { type ChildProcess, spawn } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SandboxPaths } from "../state.ts";
import { startTimeOf } from "./identity.ts";
import type { PortUse } from "./ports.ts";
import { type ProcessRecord, readLiving, writeRecord } from "./record.ts";
import { until, type Waiting } from "./until.ts";

/** A long-running process of the sandbox. Neither `command` nor `env` may hold a secret. */
export interface ProcessSpec {
  readonly name: string;
  /** The program, as an absolute path, and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Added to a minimal environment; nothing of the caller's own environment reaches the process but PATH. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** The ports that it will listen on. */
  readonly ports: readonly PortUse[];
}

const logTailLines = 12;

/**
 * Starts a process unless the one recorded still runs. It is detached, writes to its log file, and is recorded
 * before this returns.
 */
export async function ensureProcess(paths: SandboxPaths, spec: ProcessSpec): Promise<ProcessRecord> {
  return (await readLiving(paths, spec.name)) ?? (await startProcess(paths, spec));
}

/**
 * Waits until `probe` gives a value. If the process ends meanwhile, or the deadline passes, the error carries
 * the last lines of its log.
 */
export async function untilReady<T>(
  paths: SandboxPaths,
  name: string,
  waiting: Waiting,
  probe: () => Promise<T | undefined>,
): Promise<T> {
  try {
    return await until(`${name} was ready`, waiting, async () => {
      const value = await probe();
      if (value === undefined && (await readLiving(paths, name)) === undefined) {
        throw new Error(`${name} ended before it was ready.`);
      }
      return value;
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}\n${await logTail(paths, name)}`, { cause: error });
  }
}

export function logFile(paths: SandboxPaths, name: string): string {
  return join(paths.logs, `${name}.log`);
}

async function startProcess(paths: SandboxPaths, spec: ProcessSpec): Promise<ProcessRecord> {
  const log = await open(logFile(paths, spec.name), "a", 0o600);
  try {
    const [program, ...args] = spec.command;
    const child = spawn(program, args, {
      cwd: spec.cwd,
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
      env: { ...minimalEnvironment(), ...spec.env },
    });
    const pid = await started(child, spec.name);
    const startTime = await startTimeOf(pid);
    if (startTime === undefined) {
      throw new Error(`${spec.name} ended at once.\n${await logTail(paths, spec.name)}`);
    }
    const record = { name: spec.name, pid, startTime, command: [...spec.command] };
    await writeRecord(paths, record);
    return record;
  } finally {
    await log.close();
  }
}

/** A VAULT_TOKEN, KUBECONFIG or proxy of the caller must not change what the sandbox's servers do. */
function minimalEnvironment(): Readonly<Record<string, string>> {
  return { PATH: process.env.PATH ?? "/usr/bin:/bin" };
}

async function started(child: ChildProcess, name: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (cause) =>
      reject(new Error(`${name} cannot be started: ${cause.message}`, { cause })),
    );
  });
  child.unref();
  if (child.pid === undefined) throw new Error(`${name} has no process id.`);
  return child.pid;
}

async function logTail(paths: SandboxPaths, name: string): Promise<string> {
  const file = logFile(paths, name);
  const text = await readFile(file, "utf8").catch(() => "");
  const lines = text.trimEnd().split("\n").slice(-logTailLines);
  return [`The last lines of ${file}:`, ...lines.map((line) => `  ${line}`)].join("\n");
}
