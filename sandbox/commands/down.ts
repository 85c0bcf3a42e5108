import { down, reset } from "../sandbox.ts";
import { sandboxPaths } from "../state.ts";

/** `sandbox down`. */
export async function runDown(): Promise<void> {
  const ended = await down({ report: console.log });
  if (ended.length === 0) console.log("Nothing was running.");
}

/** `sandbox reset`. */
export async function runReset(): Promise<void> {
  await reset({ report: console.log });
  console.log(`Deleted ${sandboxPaths().root}`);
}
