import { readdir, readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Scanner } from "../../canaries/scan.ts";

/** What was seen of running processes: which programs had which canaries, and that anything was seen at all. */
export interface SeenProcesses {
  /** Program -> canaries in its argument list. */
  readonly arguments: Readonly<Record<string, readonly string[]>>;
  /** Program -> canaries in the environment that it was started with. */
  readonly environments: Readonly<Record<string, readonly string[]>>;
  /** Every program that was looked at. */
  readonly programs: ReadonlySet<string>;
}

const intervalMs = 50;

/** Linux alone shows every process's arguments and environment as files. */
export const processesAreFiles = process.platform === "linux";

/**
 * Looks at all processes of the machine again and again while `work` runs. A program is called by its script in this
 * project, or else by the name of its binary.
 */
export async function watchingProcesses<T>(
  scan: Scanner,
  projectFolder: string,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly seen: SeenProcesses }> {
  const seen = { arguments: new Map(), environments: new Map(), programs: new Set<string>() };
  const looked = new Set<string>();
  let ended = false;
  const watching = (async () => {
    while (processesAreFiles && !ended) {
      await look(seen, looked, scan, projectFolder);
      await new Promise((resolve) => setTimeout(resolve, intervalMs));
    }
  })();
  try {
    const result = await work();
    return {
      result,
      seen: { ...seen, arguments: plain(seen.arguments), environments: plain(seen.environments) },
    };
  } finally {
    ended = true;
    await watching;
  }
}

interface Sightings {
  readonly arguments: Map<string, Set<string>>;
  readonly environments: Map<string, Set<string>>;
  readonly programs: Set<string>;
}

/** Each process once for each argument list: a process may become another program. */
async function look(
  seen: Sightings,
  looked: Set<string>,
  scan: Scanner,
  projectFolder: string,
): Promise<void> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const command = await bytesOf(`/proc/${pid}/cmdline`);
    const key = `${pid} ${command.toString("latin1")}`;
    if (command.length === 0 || looked.has(key)) continue;
    looked.add(key);
    const program = programOf(command.toString(), projectFolder);
    seen.programs.add(program);
    add(seen.arguments, program, scan(command));
    add(seen.environments, program, scan(await bytesOf(`/proc/${pid}/environ`)));
  }
}

function programOf(command: string, projectFolder: string): string {
  const words = command.split("\0");
  const script = words.find((word) => word.startsWith(`${projectFolder}/`) && word.endsWith(".ts"));
  return script === undefined ? basename(words[0] ?? "") : script.slice(projectFolder.length + 1);
}

function add(to: Map<string, Set<string>>, program: string, sightings: ReturnType<Scanner>): void {
  if (sightings.length === 0) return;
  const names = to.get(program) ?? new Set();
  for (const { canary } of sightings) names.add(canary);
  to.set(program, names);
}

function plain(
  sightings: ReadonlyMap<string, ReadonlySet<string>>,
): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries([...sightings].map(([program, names]) => [program, [...names].sort()]));
}

/** Empty for a process that is gone, or somebody else's. */
function bytesOf(file: string): Promise<Buffer> {
  return readFile(file).catch(() => Buffer.alloc(0));
}
