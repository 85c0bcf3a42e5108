import { join } from "node:path";

/**
 * Files of the suite run in so many lanes, one after the other in each, and each lane has servers of its own: most wait
 * most of their time, for a refresh, a lease, an alert.
 */
export const LANES = 2;

/** Ports from one lane's first to the next one's: a sandbox takes 40. */
const PORTS = 50;

/** Where a lane's sandbox keeps its state, and its first port. */
export interface Lane {
  readonly root: string;
  readonly portBase: number;
}

/**
 * State and ports of the tests' own sandboxes: beside the one that a person may have running. Another run of the suite
 * at the same time needs others.
 * @param number from 1
 */
export function lane(number: number): Lane {
  const root = process.env.TEST_SANDBOX_STATE ?? join(import.meta.dirname, "..", "..", ".sandbox-test");
  const base = Number(process.env.TEST_SANDBOX_PORT_BASE ?? 18_300);
  return { root: number === 1 ? root : `${root}-${number}`, portBase: base + PORTS * (number - 1) };
}

/** All of them. */
export const lanes: readonly Lane[] = Array.from({ length: LANES }, (_, index) => lane(index + 1));
