import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { attach, type RunningSandbox } from "../../sandbox/sandbox.ts";

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * State and ports of the tests' own sandbox: beside the one that a person may have running. Another run of the suite at
 * the same time needs others.
 */
export const testRoot = process.env.TEST_SANDBOX_STATE ?? join(repository, ".sandbox-test");
export const testPortBase = Number(process.env.TEST_SANDBOX_PORT_BASE ?? 18_300);

let attached: Promise<RunningSandbox> | undefined;

/** The one running sandbox that all sandbox tests share; `global-setup.ts` has started it. */
export function useSandbox(): Promise<RunningSandbox> {
  attached ??= attach(testRoot);
  return attached;
}
