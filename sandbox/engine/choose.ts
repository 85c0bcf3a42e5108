import { join } from "node:path";
import { readIfExists, type SandboxPaths, writePrivate } from "../state.ts";
import { directEngine } from "./direct/engine.ts";
import { type Engine, EngineError } from "./engine.ts";
import { pulumiEngine } from "./pulumi/engine.ts";
import { missingFromPath } from "./pulumi/find.ts";

const names = ["pulumi", "direct"] as const;
type EngineName = (typeof names)[number];

/**
 * The engine that deploys a sandbox: the one that SANDBOX_ENGINE names, else `pulumi` if the CLI and its plugins are on
 * PATH, else `direct`. A sandbox stays with the engine that it was first deployed with: the other one's objects would
 * be in its way.
 * @throws EngineError for an unknown name, a Pulumi that is not complete, or another engine than before
 */
export async function chooseEngine(
  env: Readonly<Record<string, string | undefined>>,
  paths: SandboxPaths,
  projectFolder: string,
): Promise<Engine> {
  const forced = forcedEngine(env.SANDBOX_ENGINE);
  const before = await engineBefore(paths);
  if (forced !== undefined && before !== undefined && forced !== before) {
    throw new EngineError(
      `SANDBOX_ENGINE is ${forced}, but this sandbox was deployed with ${before}. Unset it, or begin anew with ` +
        "`npm run sandbox -- reset`.",
    );
  }
  const missing = await missingFromPath(env.PATH ?? "");
  const name = forced ?? before ?? (missing.length === 0 ? "pulumi" : "direct");
  if (name === "pulumi" && missing.length > 0) {
    throw new EngineError(
      `The engine pulumi needs on PATH: ${missing.join(", ")}. Install it, or use SANDBOX_ENGINE=direct.`,
    );
  }
  const reason =
    forced !== undefined
      ? "SANDBOX_ENGINE says so"
      : before !== undefined
        ? "this sandbox was deployed with it"
        : missing.length === 0
          ? "its CLI and plugins are on PATH"
          : `not on PATH: ${missing.join(", ")}`;
  return name === "pulumi" ? pulumiEngine(reason, projectFolder) : directEngine(reason, projectFolder);
}

/** Remembers which engine a sandbox is deployed with. */
export async function rememberEngine(paths: SandboxPaths, name: EngineName): Promise<void> {
  await writePrivate(fileOf(paths), name);
}

async function engineBefore(paths: SandboxPaths): Promise<EngineName | undefined> {
  const text = await readIfExists(fileOf(paths));
  return names.find((name) => name === text?.trim());
}

function forcedEngine(value: string | undefined): EngineName | undefined {
  if (value === undefined || value === "") return undefined;
  const name = names.find((one) => one === value);
  if (name !== undefined) return name;
  throw new EngineError(`SANDBOX_ENGINE: found ${value}, allowed ${names.join(" or ")}`);
}

function fileOf(paths: SandboxPaths): string {
  return join(paths.root, "engine");
}
