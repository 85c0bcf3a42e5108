import { basename, join } from "node:path";
import { z } from "zod";
import { isSameProcess } from "./processes/identity.ts";
import { residentBytes } from "./processes/memory.ts";
import { entriesOf, readIfExists, type SandboxPaths } from "./state.ts";

/** A container of a pod, running as a process of this machine. */
export interface PodProcess {
  /** The name of its program. */
  readonly name: string;
  readonly pid: number;
  readonly residentBytes: number;
}

const recordSchema = z.object({ pid: z.int(), startTime: z.string(), command: z.string() });

/** Those that the node agent has recorded in its state and that still run. */
export async function podProcesses(paths: SandboxPaths): Promise<readonly PodProcess[]> {
  const folder = join(paths.node, "processes");
  const files = (await entriesOf(folder)).filter((name) => name.endsWith(".json"));
  const found = await Promise.all(files.map((name) => podProcess(join(folder, name))));
  return found.filter((one) => one !== undefined);
}

async function podProcess(file: string): Promise<PodProcess | undefined> {
  const text = await readIfExists(file);
  const record = recordSchema.safeParse(parse(text)).data;
  if (record === undefined || !(await isSameProcess(record.pid, record.startTime))) return undefined;
  const { pid, command } = record;
  return { name: basename(command), pid, residentBytes: await residentBytes(pid) };
}

/** An agent that was killed may leave half a record. */
function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
