import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { until } from "../../sandbox/processes/until.ts";

/** Ports from one lane's first to the next one's: a sandbox takes 40, and a lane's last is held by the file that runs in it. */
const PORTS = 50;

/** Where a lane's sandbox keeps its state, and its first port. */
export interface Lane {
  readonly root: string;
  readonly portBase: number;
}

/**
 * State and ports of the tests' own sandboxes: beside the one that a person may have running. Another run of the suite
 * at the same time needs others.
 */
const first: Lane = {
  root: process.env.TEST_SANDBOX_STATE ?? join(import.meta.dirname, "..", "..", ".sandbox-test"),
  portBase: Number(process.env.TEST_SANDBOX_PORT_BASE ?? 18_300),
};

/**
 * Files of the suite run in so many lanes, one after the other in each, and each lane has servers of its own: most wait
 * most of their time, for a refresh, a lease, an alert.
 */
export const lanes = [first, { root: `${first.root}-2`, portBase: first.portBase + PORTS }] as const;

/**
 * A lane that is this process's from now on until it ends; the one before may still be about to. Vitest's number of a worker
 * would do, were it not given twice where one project's files follow another's.
 */
export function takeLane(): Promise<Lane> {
  return until("a lane was free", { deadlineMs: 60_000 }, async () => {
    for (const lane of lanes) if (await hold(lane.portBase + PORTS - 1)) return lane;
    return undefined;
  });
}

/** Listens, and so that nobody else can, as long as this process lives. */
async function hold(port: number): Promise<boolean> {
  const server = createServer().unref();
  try {
    server.listen({ port, host: "127.0.0.1", exclusive: true });
    await once(server, "listening");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  }
}
