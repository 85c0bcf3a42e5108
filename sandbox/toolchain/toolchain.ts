import { join, resolve } from "node:path";
import { buildServer, cachedBinary, type Places } from "./build.ts";
import { defaultCacheDirectory, sweepStaleWork } from "./cache.ts";
import { ToolchainError } from "./errors.ts";
import { isExecutableFile } from "./files.ts";
import { type NeedsGo, requireGo } from "./go.ts";
import { fromEnvironment, fromPath } from "./locate.ts";
import {
  cachedManifests,
  copyManifests,
  type Manifests,
  manifestsFromEnvironment,
  manifestsNeedGo,
} from "./manifests.ts";
import type { BuildProgress } from "./progress.ts";
import { type ServerName, type ServerSource, servers } from "./servers.ts";

/** Where a binary came from. A binary in the folder KUBEBUILDER_ASSETS names counts as one on PATH. */
export type Origin = "environment" | "path" | "cache" | "built";

/** Everything that the sandbox runs, as absolute paths. */
export interface Toolchain {
  readonly binaries: Readonly<Record<ServerName, string>>;
  /** Folder of the External Secrets Operator's Helm chart; it renders offline. */
  readonly chart: string;
  /** The operator's CRDs: one YAML file of many documents. */
  readonly crds: string;
  readonly origins: Readonly<Record<ServerName, Origin>>;
}

export interface ToolchainOptions {
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** @default SANDBOX_CACHE, else a folder in the user's cache directory */
  readonly cacheDirectory?: string;
  /** Called at the start and end of each build and once a second between them. @default nothing is shown */
  readonly onProgress?: (event: BuildProgress) => void;
  /** For tests. @default the sandbox's servers */
  readonly servers?: readonly ServerSource[];
  /** For tests: the folder of the Go modules. @default this folder */
  readonly modulesDirectory?: string;
}

interface Found {
  readonly source: ServerSource;
  readonly path: string;
  readonly origin: Origin;
}

type Located = Found | { readonly source: ServerSource; readonly path: undefined };

const tickMs = 1_000;

/**
 * Finds every server, and builds those that are not there: the server's own variable, else PATH (and
 * KUBEBUILDER_ASSETS), else the cache, else `go build`, one after the other. With a warm cache Go is not run.
 * @throws ToolchainError when a variable names no binary, when something must be built and there is no Go for
 * it (both before anything is written), or when a build fails.
 */
export async function prepareToolchain(options: ToolchainOptions = {}): Promise<Toolchain> {
  const env = options.env ?? process.env;
  const report = options.onProgress ?? (() => {});
  const places: Places = {
    modulesDirectory: options.modulesDirectory ?? import.meta.dirname,
    cacheDirectory: resolve(options.cacheDirectory ?? defaultCacheDirectory(env)),
  };
  const sources = options.servers ?? servers;
  const given = await readVariables(sources, env);
  const cached = await cachedManifests(places);
  const located = await Promise.all(
    sources.map((source) => locate(source, given.binaries.get(source.name), places, env, report)),
  );
  const missing = located.filter((one) => one.path === undefined).map((one) => one.source);
  const copyNeeded = !cached.present && !(given.manifests.chart && given.manifests.crds);
  const needs = [...missing.map(needsGo), ...(copyNeeded ? [manifestsNeedGo] : [])];
  const found = located.filter((one) => one.path !== undefined);
  const [firstNeed] = needs;
  if (firstNeed === undefined) return toToolchain(found, { ...cached, ...given.manifests });

  const go = await requireGo(env, join(places.modulesDirectory, firstNeed.module), needs);
  await sweepStaleWork(places.cacheDirectory);
  const built = await buildAll(missing, (source) => buildServer(source, go, places, env), report);
  const manifests = copyNeeded ? await copyManifests(go, places, env) : cached;
  return toToolchain([...found, ...built], { ...manifests, ...given.manifests });
}

interface Given {
  readonly binaries: ReadonlyMap<ServerName, string>;
  readonly manifests: Partial<Manifests>;
}

/** What the variables name; everything that is wrong with them is reported together. */
async function readVariables(sources: readonly ServerSource[], env: NodeJS.ProcessEnv): Promise<Given> {
  const binaries = new Map<ServerName, string>();
  const { given: manifests, problems: manifestProblems } = await manifestsFromEnvironment(env);
  const problems = [...manifestProblems];
  for (const source of sources) {
    const { path, problem } = await fromEnvironment(source, env);
    if (path !== undefined) binaries.set(source.name, path);
    if (problem !== undefined) problems.push(problem);
  }
  if (problems.length > 0) throw new ToolchainError(problems.join("\n"));
  return { binaries, manifests };
}

async function locate(
  source: ServerSource,
  given: string | undefined,
  places: Places,
  env: NodeJS.ProcessEnv,
  report: (event: BuildProgress) => void,
): Promise<Located> {
  if (given !== undefined) return { source, path: given, origin: "environment" };
  const search = await fromPath(source, env, join(places.modulesDirectory, source.module));
  for (const one of search.passedOver) report({ kind: "passed-over", ...one });
  if (search.path !== undefined) return { source, path: search.path, origin: "path" };
  const cached = await cachedBinary(source, places);
  return (await isExecutableFile(cached))
    ? { source, path: cached, origin: "cache" }
    : { source, path: undefined };
}

/** One after the other: a build uses every core, and two large links at once use more memory than a laptop has. */
async function buildAll(
  sources: readonly ServerSource[],
  build: (source: ServerSource) => Promise<string>,
  report: (event: BuildProgress) => void,
): Promise<readonly Found[]> {
  const built: Found[] = [];
  for (const [position, source] of sources.entries()) {
    const place = { server: source.name, index: position + 1, total: sources.length };
    const path = await timed(
      () => build(source),
      (kind, elapsedMs) => report({ kind, ...place, elapsedMs }),
    );
    built.push({ source, path, origin: "built" });
  }
  return built;
}

/** Runs `work` and tells how it goes: at its start, once a second, and at its end. */
async function timed<T>(
  work: () => Promise<T>,
  tell: (kind: "started" | "running" | "finished" | "failed", elapsedMs: number) => void,
): Promise<T> {
  const start = performance.now();
  const elapsedMs = () => Math.round(performance.now() - start);
  tell("started", 0);
  const ticker = setInterval(() => tell("running", elapsedMs()), tickMs);
  try {
    const result = await work();
    tell("finished", elapsedMs());
    return result;
  } catch (error) {
    tell("failed", elapsedMs());
    throw error;
  } finally {
    clearInterval(ticker);
  }
}

function needsGo(source: ServerSource): NeedsGo {
  return { what: source.name, module: source.module, environmentVariables: [source.environmentVariable] };
}

function toToolchain(found: readonly Found[], manifests: Manifests): Toolchain {
  const entries = <T>(pick: (one: Found) => T) =>
    Object.fromEntries(found.map((one) => [one.source.name, pick(one)])) as Record<ServerName, T>;
  return {
    binaries: entries((one) => one.path),
    origins: entries((one) => one.origin),
    chart: manifests.chart,
    crds: manifests.crds,
  };
}
