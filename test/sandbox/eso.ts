import { AppsV1Api, KubeConfig, PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import { expect } from "vitest";
import { releaseName } from "../../components/external-secrets/values.ts";
import type { RunningSandbox } from "../../sandbox/sandbox.ts";

/** How many pods the stack's ESO has, by an administrator's hand; resolves once as many are ready. */
export async function scaleEso({ kubernetes }: RunningSandbox, replicas: number): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(kubernetes.kubeconfigs.admin);
  const apps = config.makeApiClient(AppsV1Api);
  const at = { namespace: "vault", name: releaseName };
  await apps.patchNamespacedDeploymentScale(
    { ...at, body: { spec: { replicas } } },
    setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
  );
  const ready = async () => (await apps.readNamespacedDeployment(at)).status?.readyReplicas ?? 0;
  await expect.poll(ready, { timeout: 120_000 }).toBe(replicas);
}
