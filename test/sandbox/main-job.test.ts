import { describe } from "vitest";
import { directEngine } from "../../sandbox/engine/direct/engine.ts";
import { useSandbox } from "./harness.ts";
import { mainJobChecks } from "./main-job/checks.ts";
import { projectFolder, rootVault } from "./main-job/ground.ts";

describe("the main job, with the engine direct", () => {
  mainJobChecks(async () => {
    const sandbox = await useSandbox();
    return {
      engine: directEngine("the tests' own", projectFolder),
      sandbox,
      vault: await rootVault(sandbox),
    };
  });
});
