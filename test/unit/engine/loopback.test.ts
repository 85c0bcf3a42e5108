import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { devDeclaration, sandboxDeclaration } from "../../../sandbox/engine/declaration.ts";
import { directEngine } from "../../../sandbox/engine/direct/engine.ts";
import type { StackInput } from "../../../sandbox/engine/engine.ts";
import { isLoopback } from "../../../sandbox/engine/loopback.ts";
import { pulumiEngine } from "../../../sandbox/engine/pulumi/engine.ts";
import { describedSandbox } from "./sandbox.ts";

const projectFolder = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

it.each([
  ["https://127.0.0.1:8200", true],
  ["https://127.8.9.1", true],
  ["https://[::1]:8200", true],
  ["http://localhost:1", true],
  ["https://vault.voyager.internal", false],
  ["https://127.0.0.1.example.com", false],
  ["https://128.0.0.1", false],
  ["https://user@10.0.0.1", false],
  ["https://0.0.0.0", false],
  ["", false],
])("%s is loopback: %s", (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});

describe.each([directEngine("test", projectFolder), pulumiEngine("test", projectFolder)])(
  "the engine $name",
  (engine) => {
    it("refuses the real stack's addresses before anything else", async () => {
      const declaration = await devDeclaration(projectFolder);
      await expect(engine.up({ declaration, sandbox: describedSandbox() })).rejects.toThrow(
        /nothing was changed[\s\S]*vault\.address: found "https:\/\/vault\.voyager\.internal"[\s\S]*kubernetes\.apiAddress/,
      );
    });

    it("refuses a kubeconfig whose server is another machine", async () => {
      const sandbox = describedSandbox("https://10.0.0.1:6443");
      const declaration = sandboxDeclaration(await devDeclaration(projectFolder), sandbox);
      const input: StackInput = { declaration, sandbox };
      await expect(engine.up(input)).rejects.toThrow(
        /kubeconfig cluster sandbox: found "https:\/\/10\.0\.0\.1:6443"/,
      );
    });
  },
);
