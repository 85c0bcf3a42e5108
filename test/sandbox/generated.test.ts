import { afterAll, describe } from "vitest";
import type { VaultClient } from "../../clients/vault.ts";
import { directEngine } from "../../sandbox/engine/direct/engine.ts";
import { generatedChecks } from "./generated/checks.ts";
import { useSandbox } from "./harness.ts";
import { projectFolder, rootVault } from "./main-job/ground.ts";

describe("generated values, with the engine direct", () => {
  let vault: VaultClient | undefined;
  afterAll(() => vault?.close());
  generatedChecks(async () => {
    const sandbox = await useSandbox();
    vault = await rootVault(sandbox);
    return { engine: directEngine("the tests' own", projectFolder), sandbox, vault };
  });
});
