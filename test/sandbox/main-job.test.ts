import { afterAll, describe } from "vitest";
import type { VaultClient } from "../../clients/vault.ts";
import { directEngine } from "../../sandbox/engine/direct/engine.ts";
import { useSandbox } from "./harness.ts";
import { mainJobChecks } from "./main-job/checks.ts";
import { projectFolder, rootVault } from "./main-job/ground.ts";

describe("the main job, with the engine direct", () => {
  let vault: VaultClient | undefined;
  afterAll(() => vault?.close());
  mainJobChecks(async () => {
    const sandbox = await useSandbox();
    vault = await rootVault(sandbox);
    return { engine: directEngine("the tests' own", projectFolder), sandbox, vault };
  });
});
