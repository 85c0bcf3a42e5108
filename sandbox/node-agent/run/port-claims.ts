import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { isAlive } from "../../processes/identity.ts";
import { withLockInTurn } from "../../processes/lock.ts";
import { readIfExists } from "../../state.ts";

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
  claim(port: number): Promise<boolean> {
    return this.#inTurn(async () => {
      const holder = await this.#holderOf(port);
      if (holder === this.#owner) return true;
      if (holder !== undefined && isAlive(Number(holder))) return false;
      await writeFile(this.#file(port), this.#owner);
      return true;
    });
  }

  /** Gives back a port that this agent has claimed. */
  release(port: number): Promise<void> {
    return this.#inTurn(async () => {
      if ((await this.#holderOf(port)) === this.#owner) await rm(this.#file(port));
    });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    return withLockInTurn(join(this.#folder, "lock"), 30_000, work);
  }

  #holderOf(port: number): Promise<string | undefined> {
    return readIfExists(this.#file(port));
  }

  #file(port: number): string {
    return join(this.#folder, String(port));
  }
}
