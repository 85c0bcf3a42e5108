import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";

export interface MeasuredProcess {
  readonly milliseconds: number;
  /** The most memory that was resident at once. */
  readonly peakBytes: number;
  readonly stdout: string;
}

const repository = join(import.meta.dirname, "..", "..");

/**
 * Runs a script of this project with Node, in the project's folder.
 * @throws Error with what it said when it fails
 */
export async function measureProcess(args: readonly string[]): Promise<MeasuredProcess> {
  const begun = performance.now();
  const child = spawn(process.execPath, ["--import", join(import.meta.dirname, "peak-memory.ts"), ...args], {
    cwd: repository,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const [stdout, stderr, peak, code] = await Promise.all([
    text(child.stdout as Readable),
    text(child.stderr as Readable),
    text(child.stdio[3] as Readable),
    new Promise<number | null>((resolve) => child.on("close", resolve)),
  ]);
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${code}: ${stderr}`);
  return { milliseconds: performance.now() - begun, peakBytes: Number(peak) * 1024, stdout };
}
