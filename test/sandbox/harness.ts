import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { attach, type RunningSandbox } from "../../sandbox/sandbox.ts";

/** State and ports of the tests' own sandbox: beside the one that a person may have running. */
export const testRoot = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), ".sandbox-test");
export const testPortBase = 18_300;

let attached: Promise<RunningSandbox> | undefined;

/** The one running sandbox that all sandbox tests share; `global-setup.ts` has started it. */
export function useSandbox(): Promise<RunningSandbox> {
  attached ??= attach(testRoot);
  return attached;
}
