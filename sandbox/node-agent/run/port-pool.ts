import { createServer } from "node:net";
import { assignPorts, type PortMap } from "../plan/ports.ts";

/** Below the ports that Linux (32768+) and macOS (49152+) give to outgoing connections. */
const FIRST_SPARE = 21_000;
const LAST_SPARE = 31_999;

/** The ports of 127.0.0.1 that pods of this node hold. */
export class PortPool {
  readonly #held = new Map<string, PortMap>();
  #queue: Promise<unknown> = Promise.resolve();
  #next = FIRST_SPARE + Math.floor(Math.random() * (LAST_SPARE - FIRST_SPARE));

  /** Assigns real ports to a pod until it is released. Assignments are made one after the other. */
  assign(uid: string, wanted: readonly number[]): Promise<PortMap> {
    const assigned = this.#queue.then(async () => {
      const taken = new Set([...this.#held.values()].flatMap((map) => [...map.values()]));
      for (const port of wanted) if (!taken.has(port) && !(await isFree(port))) taken.add(port);
      const ports = assignPorts(wanted, taken, await this.#spare(wanted.length, taken, wanted));
      this.#held.set(uid, ports);
      return ports;
    });
    this.#queue = assigned.catch(() => undefined);
    return assigned;
  }

  release(uid: string): void {
    this.#held.delete(uid);
  }

  async #spare(
    count: number,
    taken: ReadonlySet<number>,
    wanted: readonly number[],
  ): Promise<readonly number[]> {
    const found: number[] = [];
    for (let tries = FIRST_SPARE; found.length < count && tries <= LAST_SPARE; tries += 1) {
      const port = this.#next;
      this.#next = port === LAST_SPARE ? FIRST_SPARE : port + 1;
      if (!taken.has(port) && !wanted.includes(port) && (await isFree(port))) found.push(port);
    }
    return found;
  }
}

/** Whether this user can listen on a port of 127.0.0.1 now. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
