import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** A run of the real program. `code` is null where it was killed. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
  /** Its lines, parsed. */
  readonly steps: readonly Readonly<Record<string, unknown>>[];
}

export interface RunningRotator {
  readonly ended: Promise<Ended>;
  /** Ends it at once, as a lost node would; resolves when it is gone. */
  kill(): Promise<void>;
}

const shiftedClock = join(import.meta.dirname, "shifted-clock.ts");

/** @param clockShiftSeconds how far its clock is ahead of the true time, or behind it */
export function startRotator(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  clockShiftSeconds = 0,
): RunningRotator {
  const shifted = clockShiftSeconds === 0 ? [] : ["--import", shiftedClock];
  const child = spawn(process.execPath, [...shifted, program, ...args], {
    env: { ...env, CLOCK_SHIFT_SECONDS: String(clockShiftSeconds) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = collect(child);
  return {
    ended,
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function collect(child: ChildProcess): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  const steps = stdout
    .split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  return { code, output: stdout + stderr, steps };
}
