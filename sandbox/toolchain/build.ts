import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { contentKey, createWorkDirectory, publish } from "./cache.ts";
import { ToolchainError } from "./errors.ts";
import { type GoResult, goEnvironment, runGo, target } from "./go.ts";
import { pinnedVersion, type ServerSource } from "./servers.ts";

/** Where everything is: the folder of the modules, and the cache. */
export interface Places {
  readonly modulesDirectory: string;
  readonly cacheDirectory: string;
}

/** Where a server's binary stands in the cache once built; elsewhere as soon as anything that shapes it changes. */
export async function cachedBinary(source: ServerSource, places: Places): Promise<string> {
  const moduleDirectory = join(places.modulesDirectory, source.module);
  const flags = await buildFlags(source, moduleDirectory);
  const key = await contentKey(moduleDirectory, [source.package, ...flags, target.os, target.architecture]);
  return join(places.cacheDirectory, `${source.name}-${key}`, source.name);
}

/**
 * Builds a server into the cache. Until `go build` has ended well nothing stands under the final name.
 * @returns the binary's path.
 * @throws ToolchainError with the module and the compiler's last lines.
 */
export async function buildServer(
  source: ServerSource,
  go: string,
  places: Places,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const moduleDirectory = join(places.modulesDirectory, source.module);
  const final = await cachedBinary(source, places);
  const work = await createWorkDirectory(places.cacheDirectory);
  try {
    const binary = join(work, source.name);
    const flags = await buildFlags(source, moduleDirectory);
    const result = await runGo(go, ["build", ...flags, "-o", binary, source.package], {
      cwd: moduleDirectory,
      env: goEnvironment(env, work),
    });
    if (result.status !== 0) throw buildFailure(source, moduleDirectory, result);
    await publish(binary, final);
    return final;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function buildFlags(source: ServerSource, moduleDirectory: string): Promise<readonly string[]> {
  const version = pinnedVersion(await readFile(join(moduleDirectory, "go.mod"), "utf8"), source.goModule);
  const variables = Object.entries(source.linkerVariables?.(version) ?? {});
  const stamps = variables.map(([name, value]) => `-X ${name}=${value}`);
  return ["-trimpath", "-ldflags", ["-s -w", ...stamps].join(" ")];
}

function buildFailure(source: ServerSource, moduleDirectory: string, result: GoResult): ToolchainError {
  return new ToolchainError(
    [
      `Building ${source.name} failed: go build ended with ${result.status}, in the module ${moduleDirectory} (package ${source.package}). Its last lines:`,
      ...result.tail.split("\n").map((line) => `  ${line}`),
      `Fix what it names and run again, or set ${source.environmentVariable} to an existing ${source.name} binary.`,
    ].join("\n"),
  );
}
