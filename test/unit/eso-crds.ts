import { join } from "node:path";
import { defaultCacheDirectory } from "../../sandbox/toolchain/cache.ts";
import { requireGo } from "../../sandbox/toolchain/go.ts";
import {
  cachedManifests,
  copyManifests,
  type Manifests,
  manifestsFromEnvironment,
  manifestsNeedGo,
} from "../../sandbox/toolchain/manifests.ts";

/**
 * ESO's own chart and definitions, as the sandbox installs them: those that a variable names, else the toolchain's
 * cache, else the pinned Go module. They are never just left out: without them the tests fail.
 */
export async function esoManifests(): Promise<Manifests> {
  const { given, problems } = await manifestsFromEnvironment(process.env);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return { ...(await pinned()), ...given };
}

async function pinned(): Promise<Manifests> {
  const modulesDirectory = join(import.meta.dirname, "../../sandbox/toolchain");
  const places = { modulesDirectory, cacheDirectory: defaultCacheDirectory(process.env) };
  const { present, ...cached } = await cachedManifests(places);
  if (present) return cached;
  const go = await requireGo(process.env, join(modulesDirectory, manifestsNeedGo.module), [manifestsNeedGo]);
  return copyManifests(go, places, process.env);
}
