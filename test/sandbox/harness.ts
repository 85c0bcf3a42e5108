import { type RunningSandbox, up } from "../../sandbox/sandbox.ts";
import { takeLane } from "./lanes.ts";

/** Of the lane that this file runs in. */
export const { root: testRoot, portBase: testPortBase } = await takeLane();

process.env.SANDBOX_PORT_BASE = String(testPortBase);

let running: Promise<RunningSandbox> | undefined;

/** The sandbox that all files of a lane share. The first of them starts it; the others find it as the one before has left it, and whole. */
export function useSandbox(): Promise<RunningSandbox> {
  running ??= up({ root: testRoot });
  return running;
}
