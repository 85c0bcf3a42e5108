import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { chooseEngine, rememberEngine } from "../../../sandbox/engine/choose.ts";
import type { SandboxPaths } from "../../../sandbox/state.ts";
import { describedSandbox } from "./sandbox.ts";

const choose = (env: Readonly<Record<string, string>>, paths = describedSandbox().paths) =>
  chooseEngine(env, paths, "/project");

/** A folder with programs of these names. */
async function pathWith({ root }: SandboxPaths, ...names: readonly string[]): Promise<string> {
  const folder = join(root, "bin");
  await mkdir(folder);
  for (const name of names) {
    await writeFile(join(folder, name), "");
    await chmod(join(folder, name), 0o700);
  }
  return folder;
}

const all = [
  "pulumi",
  "pulumi-language-nodejs",
  "pulumi-resource-kubernetes",
  "pulumi-resource-vault",
  "pulumi-resource-random",
];

it("takes Pulumi when the CLI and every plugin are on PATH", async () => {
  const { paths } = describedSandbox();
  const engine = await choose({ PATH: await pathWith(paths, ...all) }, paths);
  expect(engine.name).toBe("pulumi");
  expect(engine.description).toContain("its CLI and plugins are on PATH");
});

it("takes direct when one plugin is missing, and names it", async () => {
  const { paths } = describedSandbox();
  const engine = await choose({ PATH: await pathWith(paths, ...all.slice(0, -1)) }, paths);
  expect(engine.name).toBe("direct");
  expect(engine.description).toContain("not on PATH: pulumi-resource-random");
});

it("lets SANDBOX_ENGINE decide, and refuses a Pulumi that is not there or an unknown name", async () => {
  expect((await choose({ SANDBOX_ENGINE: "direct" })).description).toContain("SANDBOX_ENGINE says so");
  await expect(choose({ SANDBOX_ENGINE: "pulumi", PATH: "" })).rejects.toThrow(/needs on PATH: pulumi, /);
  await expect(choose({ SANDBOX_ENGINE: "terraform" })).rejects.toThrow("allowed pulumi or direct");
});

it("stays with the engine that a sandbox was deployed with", async () => {
  const { paths } = describedSandbox();
  await rememberEngine(paths, "direct");
  const path = await pathWith(paths, ...all);
  expect((await choose({ PATH: path }, paths)).name).toBe("direct");
  await expect(choose({ PATH: path, SANDBOX_ENGINE: "pulumi" }, paths)).rejects.toThrow(
    /deployed with direct/,
  );
});
