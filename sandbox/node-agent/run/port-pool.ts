import { createServer } from "node:net";
import { assignPorts, type PortMap } from "../plan/ports.ts";
import { PortClaims } from "./port-claims.ts";

/** Below the ports that Linux (32768+) and macOS (49152+) give to outgoing connections. */
const FIRST_SPARE = 21_000;
const LAST_SPARE = 31_999;

/** The ports of 127.0.0.1 that pods of this node hold. */
export class PortPool {
  readonly #held = new Map<string, PortMap>();
  readonly #claims: PortClaims;
  #queue: Promise<unknown> = Promise.resolve();
  #next = FIRST_SPARE + Math.floor(Math.random() * (LAST_SPARE - FIRST_SPARE));

  constructor(claims = new PortClaims()) {
    this.#claims = claims;
  }

  /** Assigns real ports to a pod until it is released. What this pool is asked for is done in turn. */
  assign(uid: string, wanted: readonly number[]): Promise<PortMap> {
    return this.#inTurn(async () => {
      const taken = new Set([...this.#held.values()].flatMap((map) => [...map.values()]));
      for (const port of wanted) if (!taken.has(port) && !(await this.#take(port))) taken.add(port);
      const spare = await this.#spare(wanted.filter((port) => taken.has(port)).length, taken, wanted);
      const ports = assignPorts(wanted, taken, spare);
      this.#held.set(uid, ports);
      return ports;
    });
  }

  release(uid: string): Promise<void> {
    return this.#inTurn(async () => {
      for (const port of this.#held.get(uid)?.values() ?? []) await this.#claims.release(port);
      this.#held.delete(uid);
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  /** A port that no program listens on, and that no other agent has chosen for one that is yet to. */
  async #take(port: number): Promise<boolean> {
    if (!(await this.#claims.claim(port))) return false;
    if (await isFree(port)) return true;
    await this.#claims.release(port);
    return false;
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
      if (!taken.has(port) && !wanted.includes(port) && (await this.#take(port))) found.push(port);
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
