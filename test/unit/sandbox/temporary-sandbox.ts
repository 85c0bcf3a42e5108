import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { prepareState, type SandboxPaths, sandboxPaths } from "../../../sandbox/state.ts";

/** A new folder that is deleted after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sandbox-unit-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The prepared state of a sandbox in which nothing runs. */
export async function temporarySandbox(): Promise<SandboxPaths> {
  const paths = sandboxPaths(await temporaryFolder());
  await prepareState(paths);
  return paths;
}
