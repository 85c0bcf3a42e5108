import { existsSync } from "node:fs";
import { chmod, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { deleteState, prepareState, sandboxPaths, writePrivate } from "../../../sandbox/state.ts";
import { temporaryFolder, temporarySandbox } from "./temporary-sandbox.ts";

afterEach(() => vi.unstubAllEnvs());

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

describe("where the state is", () => {
  test("SANDBOX_STATE decides, unless a folder is given", () => {
    vi.stubEnv("SANDBOX_STATE", "/somewhere/else");
    expect(sandboxPaths().root).toBe("/somewhere/else");
    expect(sandboxPaths("/given").root).toBe("/given");
  });

  test("else it is .sandbox in the repository", () => {
    vi.stubEnv("SANDBOX_STATE", "");
    expect(sandboxPaths().root).toBe(join(import.meta.dirname, "../../../.sandbox"));
  });
});

describe("who may read it", () => {
  test("folders are 0700, also where they were open before", async () => {
    const root = await temporaryFolder();
    await chmod(root, 0o755);
    const paths = sandboxPaths(root);
    await prepareState(paths);
    for (const folder of [paths.root, paths.vault, paths.kubernetes, paths.logs]) {
      expect(await modeOf(folder), folder).toBe("700");
    }
  });

  test("files are 0600, also where they replace an open one", async () => {
    const file = join(await temporaryFolder(), "token");
    await writeFile(file, "old", { mode: 0o644 });
    await writePrivate(file, "new");
    expect(await modeOf(file)).toBe("600");
  });
});

describe("only a sandbox's own folder is used and deleted", () => {
  test("a folder with something else in it is refused and not marked", async () => {
    const root = await temporaryFolder();
    await writeFile(join(root, "thesis.txt"), "");
    await expect(prepareState(sandboxPaths(root))).rejects.toThrow(/already holds thesis\.txt/);
    await expect(deleteState(sandboxPaths(root))).rejects.toThrow(/is not deleted/);
    expect(existsSync(join(root, "thesis.txt"))).toBe(true);
  });

  test("a marked folder is deleted with all that is in it", async () => {
    const paths = await temporarySandbox();
    await writeFile(join(paths.root, "anything"), "");
    await deleteState(paths);
    expect(existsSync(paths.root)).toBe(false);
  });

  test("deleting what is not there, or empty, is no error", async () => {
    const root = await temporaryFolder();
    await deleteState(sandboxPaths(root));
    await deleteState(sandboxPaths(join(root, "never-made")));
  });
});
