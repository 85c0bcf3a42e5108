import { down, reset, up } from "../../sandbox/sandbox.ts";
import { testPortBase, testRoot } from "./harness.ts";

/** Several projects name this file, and share the sandbox of one run. */
const ownerVariable = "VAULT_MANAGEMENT_TEST_SANDBOX_OWNER";

/**
 * Starts a new, empty sandbox before the first test, and ends it after the last. Its state and logs stay until
 * the next run, to see what a failed test left.
 */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env[ownerVariable] === String(process.pid)) return undefined;
  process.env[ownerVariable] = String(process.pid);
  process.env.SANDBOX_PORT_BASE = String(testPortBase);
  await reset({ root: testRoot });
  await up({ root: testRoot, report: (step) => console.log(`sandbox: ${step}`) });
  return async () => {
    await down({ root: testRoot });
  };
}
