import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isSeq, parseDocument } from "yaml";
import type { Places } from "./build.ts";
import { contentKey, createWorkDirectory, publish } from "./cache.ts";
import { ToolchainError } from "./errors.ts";
import { copyWritable, isFile } from "./files.ts";
import { goEnvironment, type NeedsGo, runGo } from "./go.ts";

/** The External Secrets Operator's Helm chart (a folder) and its CRDs (one YAML file). */
export interface Manifests {
  readonly chart: string;
  readonly crds: string;
}

const operator = {
  module: "external-secrets",
  goModule: "github.com/external-secrets/external-secrets",
} as const;
/** A dependency that Helm would fetch from a registry even where the chart does not use it. */
const fetchedDependency = "bitwarden-sdk-server";

const manifestVariables = { chart: "SANDBOX_ESO_CHART", crds: "SANDBOX_ESO_CRDS" } as const;

export const manifestsNeedGo: NeedsGo = {
  what: "the External Secrets Operator's chart and CRDs",
  module: operator.module,
  environmentVariables: [manifestVariables.chart, manifestVariables.crds],
};

/** What `SANDBOX_ESO_CHART` and `SANDBOX_ESO_CRDS` name, and what is wrong with it. */
export async function manifestsFromEnvironment(
  env: NodeJS.ProcessEnv,
): Promise<{ readonly given: Partial<Manifests>; readonly problems: readonly string[] }> {
  const chart = absolute(env[manifestVariables.chart]);
  const crds = absolute(env[manifestVariables.crds]);
  const problems: string[] = [];
  if (chart !== undefined && !(await isFile(join(chart, "Chart.yaml")))) {
    problems.push(
      `${manifestVariables.chart}: expected a folder with a Chart.yaml, found none at ${chart}. Correct the path, or unset the variable`,
    );
  }
  if (crds !== undefined && !(await isFile(crds))) {
    problems.push(
      `${manifestVariables.crds}: expected a YAML file of CRDs, found none at ${crds}. Correct the path, or unset the variable`,
    );
  }
  return { given: { ...(chart !== undefined && { chart }), ...(crds !== undefined && { crds }) }, problems };
}

/** Where the chart and CRDs stand in the cache once they were copied there. */
export async function cachedManifests(places: Places): Promise<Manifests & { readonly present: boolean }> {
  const key = await contentKey(join(places.modulesDirectory, operator.module), [
    operator.goModule,
    fetchedDependency,
  ]);
  const directory = join(places.cacheDirectory, `${operator.module}-manifests-${key}`);
  const present = await stat(directory).then(
    () => true,
    () => false,
  );
  return { chart: join(directory, "chart"), crds: join(directory, "crds.yaml"), present };
}

/**
 * Copies chart and CRDs from the operator's Go module into the cache, the chart such that it renders offline.
 * @throws ToolchainError when the module cannot be had.
 */
export async function copyManifests(go: string, places: Places, env: NodeJS.ProcessEnv): Promise<Manifests> {
  const source = await operatorDirectory(go, places, env);
  const { chart, crds } = await cachedManifests(places);
  const work = await createWorkDirectory(places.cacheDirectory);
  try {
    const copy = join(work, "manifests");
    await copyWritable(join(source, "deploy/charts/external-secrets"), join(copy, "chart"));
    await makeOffline(join(copy, "chart"));
    await writeFile(join(copy, "crds.yaml"), await readFile(join(source, "deploy/crds/bundle.yaml")));
    await publish(copy, resolve(chart, ".."));
    return { chart, crds };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function absolute(value: string | undefined): string | undefined {
  return value ? resolve(value) : undefined;
}

/** Drops the dependency that is fetched, and the lock that names it. */
async function makeOffline(chart: string): Promise<void> {
  const file = join(chart, "Chart.yaml");
  const document = parseDocument(await readFile(file, "utf8"));
  const dependencies = document.get("dependencies");
  if (isSeq(dependencies)) {
    const names = dependencies.toJSON() as readonly { readonly name?: string }[];
    const index = names.findIndex((dependency) => dependency.name === fetchedDependency);
    if (index >= 0) dependencies.delete(index);
    if (dependencies.items.length === 0) document.delete("dependencies");
  }
  await writeFile(file, document.toString());
  await rm(join(chart, "Chart.lock"), { force: true });
}

async function operatorDirectory(go: string, places: Places, env: NodeJS.ProcessEnv): Promise<string> {
  const moduleDirectory = join(places.modulesDirectory, operator.module);
  const result = await runGo(go, ["mod", "download", "-json", operator.goModule], {
    cwd: moduleDirectory,
    env: goEnvironment(env),
  });
  const answer = result.status === 0 ? (JSON.parse(result.output) as { readonly Dir?: string }) : {};
  if (answer.Dir !== undefined) return answer.Dir;
  throw new ToolchainError(
    [
      `The External Secrets Operator's chart and CRDs could not be had: go mod download ended with ${result.status}, in the module ${moduleDirectory}. Its last lines:`,
      ...result.tail.split("\n").map((line) => `  ${line}`),
      `Fix what it names and run again, or set ${manifestVariables.chart} and ${manifestVariables.crds} to existing copies.`,
    ].join("\n"),
  );
}
