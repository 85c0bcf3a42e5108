import { down, reset, up } from "../../sandbox/sandbox.ts";
import { lanes } from "./lanes.ts";

/** Several projects name this file, and share the sandboxes of one run. */
const ownerVariable = "VAULT_MANAGEMENT_TEST_SANDBOX_OWNER";

/**
 * Starts a new, empty sandbox before the first test, and ends those of all lanes after the last. Their state and logs stay
 * until the next run, to see what a failed test left.
 */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env[ownerVariable] === String(process.pid)) return undefined;
  process.env[ownerVariable] = String(process.pid);
  for (const one of lanes) await reset({ root: one.root });
  // The first lane's: what it runs on is built and its progress is shown before any test has a limit.
  const [first] = lanes;
  process.env.SANDBOX_PORT_BASE = String(first.portBase);
  await up({ root: first.root, report: (step) => console.log(`sandbox: ${step}`) });
  return async () => {
    await Promise.all(lanes.map((one) => down({ root: one.root })));
  };
}
