import { type RunningSandbox, up } from "../../sandbox/sandbox.ts";
import { lane } from "./lanes.ts";

/** Of this file's lane; Vitest numbers its workers from 1. */
export const { root: testRoot, portBase: testPortBase } = lane(Number(process.env.VITEST_POOL_ID ?? 1));

process.env.SANDBOX_PORT_BASE = String(testPortBase);

let running: Promise<RunningSandbox> | undefined;

/** The sandbox that all files of a lane share. The first of them starts it; the others find it as the one before has left it, and whole. */
export function useSandbox(): Promise<RunningSandbox> {
  running ??= up({ root: testRoot });
  return running;
}
