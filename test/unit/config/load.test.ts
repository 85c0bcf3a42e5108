import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadSettings } from "../../../config/load.ts";
import { PROJECT, readStackFile } from "../../../config/stack-file.ts";
import { declared } from "./declarations.ts";

const devFile = new URL("../../../Pulumi.dev.yaml", import.meta.url).pathname;
const before = process.cwd();

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "load-"));
  process.chdir(folder);
  await pulumi.runtime.setMocks(
    { newResource: ({ name }) => ({ id: name, state: {} }), call: () => ({}) },
    PROJECT,
    "dev",
  );
});
afterEach(async () => {
  process.chdir(before);
  await rm(folder, { recursive: true });
});

/** Hands a declaration over as the engine does: texts as they are, everything else as JSON. */
function engineHandsOver(sections: Readonly<Record<string, unknown>>): void {
  const entries = Object.entries(sections).map(([key, value]) => [
    `${PROJECT}:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig({ ...Object.fromEntries(entries), "kubernetes:context": "other" });
}

it("what the engine hands over gives the same settings as the file", async () => {
  await writeFile("Pulumi.dev.yaml", await readFile(devFile));
  engineHandsOver(declared("dev"));
  expect(await loadSettings()).toEqual(await readStackFile(devFile));
});

it("works where the stack's file lies elsewhere", async () => {
  engineHandsOver(declared("dev"));
  expect(await loadSettings()).toMatchObject({ environment: "dev" });
});

it("refuses values that the file has encrypted, and shows none of them decrypted", async () => {
  const yaml = await readFile(devFile, "utf8");
  await writeFile("Pulumi.dev.yaml", yaml.replace("environment: dev", "environment: { secure: AAAB }"));
  engineHandsOver({ ...declared("dev"), environment: "Canary" });
  const error = await loadSettings().catch((caught: Error) => caught);
  expect(error).toMatchObject({
    name: "ConfigError",
    message: expect.stringContaining("a Pulumi secret (secure:)"),
  });
  expect(String(error)).not.toContain("Canary");
});

it("refuses a neighbour's names", async () => {
  await writeFile("Pulumi.twin.yaml", await readFile(devFile));
  engineHandsOver(declared("dev"));
  await expect(loadSettings()).rejects.toThrow(/Pulumi\.dev\.yaml: 4 problem[\s\S]*Pulumi\.twin\.yaml/);
});
