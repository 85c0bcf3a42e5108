import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { lanes } from "./test/sandbox/lanes.ts";

/**
 * Files that share servers begin in one order, whatever earlier runs took and failed: by name, after the main job, which
 * begins with a sandbox that nobody has deployed into.
 */
class SameOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const shared = files.filter(({ project }) => project.name === "sandbox");
    const apart = files.filter((file) => !shared.includes(file));
    // An empty name sorts before all others.
    const key = ({ moduleId }: TestSpecification) => moduleId.replace(/main-job\.test\.ts$/, "");
    return [...(await super.sort(apart)), ...shared.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))];
  }
}

/** Three suites, named after what they run on: nothing, the sandbox's servers, a Pulumi engine. */
export default defineConfig({
  test: {
    sequence: { sequencer: SameOrder },
    reporters: ["default", ["json", { outputFile: "test-results/report.json" }]],
    projects: [
      // Not isolated: loading the Pulumi SDKs anew for each file would take longer than all the tests.
      // The limit is for what hangs: on a machine with other work a schema takes seconds to compile.
      {
        test: { name: "unit", include: ["test/unit/**/*.test.ts"], isolate: false, testTimeout: 300_000 },
      },
      {
        test: {
          name: "sandbox",
          include: ["test/sandbox/**/*.test.ts"],
          globalSetup: ["test/sandbox/global-setup.ts"],
          maxWorkers: lanes.length,
          // For what hangs, too: a test of many rotations takes minutes where other work is done beside it.
          testTimeout: 600_000,
          hookTimeout: 3_600_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "engine",
          include: ["test/engine/**/*.test.ts"],
          globalSetup: ["test/sandbox/global-setup.ts"],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 3_600_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
