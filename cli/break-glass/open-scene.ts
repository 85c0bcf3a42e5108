import { randomUUID } from "node:crypto";
import { homedir } from "node:os";
import { memoryPlace } from "../../access/operators/denial.ts";
import type { Settings } from "../../config/schema.ts";
import { vaultConnection } from "../connection.ts";
import { kubeConfigFor } from "../kube-config.ts";
import { BreakGlassCluster } from "./cluster.ts";
import { DeniedGroups } from "./denied-groups.ts";
import { MemoryStore } from "./memory-store.ts";
import { RecordedVault, Recorder } from "./recorder.ts";
import type { Scene } from "./scene.ts";

export interface SceneOptions {
  readonly stack: string;
  readonly context?: string;
}

/** Works with a stack's Vault and, where it is there, its cluster. */
export async function withScene<T>(
  { stack, context }: SceneOptions,
  settings: Settings,
  work: (scene: Scene) => Promise<T>,
): Promise<T> {
  const recorder = new Recorder();
  const vault = new RecordedVault(await vaultConnection(settings.vault, process.env, homedir()), recorder);
  try {
    return await work({
      ...{ settings, stack, vault, recorder },
      cluster: await clusterOf(settings, context, recorder),
      store: new MemoryStore(vault, memoryPlace(settings)),
      groups: new DeniedGroups(vault, settings.environment, stack),
    });
  } finally {
    await vault.close();
  }
}

/** What Vault and the provider do does not wait for a kubeconfig, nor more than once for a cluster that does not answer. */
async function clusterOf(
  settings: Settings,
  context: string | undefined,
  recorder: Recorder,
): Promise<BreakGlassCluster | string> {
  try {
    const config = kubeConfigFor(context ?? settings.kubernetes.context, "--context <name>");
    const cluster = new BreakGlassCluster(config, recorder);
    const user = await cluster.user();
    return typeof user === "string" ? user : cluster;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Tells a run from others of the same incident. */
export function newRun(): string {
  return randomUUID();
}
