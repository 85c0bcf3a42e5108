import { defineConfig } from "vitest/config";

/** Three suites, named after what they run on: nothing, the sandbox's servers, a Pulumi engine. */
export default defineConfig({
  test: {
    reporters: ["default", ["json", { outputFile: "test-results/report.json" }]],
    projects: [
      // Not isolated: loading the Pulumi SDKs anew for each file would take longer than all the tests.
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], isolate: false } },
      {
        test: {
          name: "sandbox",
          include: ["test/sandbox/**/*.test.ts"],
          globalSetup: ["test/sandbox/global-setup.ts"],
          fileParallelism: false,
          testTimeout: 180_000,
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
