import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isSameProcess, startTimeOf } from "../../processes/identity.ts";
import { signalGroup } from "./process.ts";

/**
 * A process that the agent started, as noted in `<state>/processes/<pod uid>_<container>.json`; `startTime` (see
 * `startTimeOf`) tells it from a later one with the same pid. The command is the binary alone: arguments may carry
 * secret values.
 */
export type PodProcessRecord = { readonly pid: number; readonly startTime: string; readonly command: string };

/** Pause between SIGTERM and SIGKILL for processes of an agent that died; nobody waits for their clean end. */
const LEFTOVER_GRACE_MS = 2000;

/** The records of the processes that run now. */
export class ProcessRecords {
  readonly #dir: string;

  constructor(stateDir: string) {
    this.#dir = recordsDir(stateDir);
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
  }

  /** Notes a process. One that has ended already needs no note. */
  async add(name: string, pid: number, command: string): Promise<void> {
    const startTime = await startTimeOf(pid);
    if (startTime !== undefined) writeRecord(join(this.#dir, `${name}.json`), { pid, startTime, command });
  }

  remove(name: string): void {
    rmSync(join(this.#dir, `${name}.json`), { force: true });
  }
}

/**
 * Ends the processes that an agent recorded in this state directory and that are still the ones recorded, forgets
 * the records, and returns how many there were. For a state directory whose agent does not run.
 */
export async function endLeftovers(stateDir: string): Promise<number> {
  const dir = recordsDir(stateDir);
  const files = existsSync(dir) ? readdirSync(dir).map((file) => join(dir, file)) : [];
  const records = files.filter((file) => file.endsWith(".json")).map(readRecord);
  const alive: PodProcessRecord[] = [];
  for (const record of records) if (record !== undefined && (await isAlive(record))) alive.push(record);
  for (const { pid } of alive) signalGroup(pid, "SIGTERM");
  const deadline = Date.now() + LEFTOVER_GRACE_MS;
  while (Date.now() < deadline && (await Promise.all(alive.map(isAlive))).includes(true)) await delay(50);
  // A group outlives its leader as long as it has members, and its number is not given out again meanwhile.
  for (const { pid } of alive) signalGroup(pid, "SIGKILL");
  for (const file of files) rmSync(file, { force: true });
  return alive.length;
}

/** Notes that this agent works in a state directory. Throws when another one that is alive does. */
export async function claimState(stateDir: string): Promise<void> {
  const file = join(stateDir, "agent.json");
  const other = existsSync(file) ? readRecord(file) : undefined;
  if (other !== undefined && other.pid !== process.pid && (await isAlive(other))) {
    throw new Error(`a node agent (pid ${other.pid}) already works in ${stateDir}; stop it first`);
  }
  const startTime = (await startTimeOf(process.pid)) ?? "";
  writeRecord(file, { pid: process.pid, startTime, command: process.execPath });
}

function recordsDir(stateDir: string): string {
  return join(stateDir, "processes");
}

function writeRecord(file: string, record: PodProcessRecord): void {
  writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** A record, or undefined when the file is not one (a machine that lost power may leave an empty file). */
function readRecord(file: string): PodProcessRecord | undefined {
  try {
    const { pid, startTime, command } = JSON.parse(readFileSync(file, "utf8")) as PodProcessRecord;
    return Number.isInteger(pid) && pid > 1 ? { pid, startTime, command } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(record: PodProcessRecord): Promise<boolean> {
  return isSameProcess(record.pid, record.startTime);
}
