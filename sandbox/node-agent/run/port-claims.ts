import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/**
 * Which of this user's node agents has a port: between its choice and the moment a pod's program listens on it, it is free
 * to all others. One file a port, with the agent's pid; that of an agent that runs no longer counts for nothing.
 */
export class PortClaims {
  readonly #folder: string;
  readonly #owner: string;

  constructor(folder = join(tmpdir(), `sandbox-ports-${userInfo().username}`), pid = process.pid) {
    this.#folder = folder;
    this.#owner = String(pid);
  }

  /** Whether the port is this agent's from now on, or was before. */
  async claim(port: number): Promise<boolean> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    if (await this.#create(port)) return true;
    const holder = await readFile(this.#file(port), "utf8").catch(() => "");
    if (holder === this.#owner) return true;
    if (runs(Number(holder))) return false;
    await rm(this.#file(port), { force: true });
    return this.#create(port);
  }

  /** Gives back a port that this agent has claimed. */
  async release(port: number): Promise<void> {
    const holder = await readFile(this.#file(port), "utf8").catch(() => "");
    if (holder === this.#owner) await rm(this.#file(port), { force: true });
  }

  #file(port: number): string {
    return join(this.#folder, String(port));
  }

  async #create(port: number): Promise<boolean> {
    try {
      await writeFile(this.#file(port), this.#owner, { flag: "wx" });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
  }
}

/** An agent that another one has only just begun to write the pid of, 0, counts as running. */
function runs(pid: number): boolean {
  if (pid === 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
