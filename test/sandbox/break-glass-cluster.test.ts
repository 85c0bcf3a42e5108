import {
  ApiException,
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
} from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { VaultClient } from "../../clients/vault.ts";
import { directEngine } from "../../sandbox/engine/direct/engine.ts";
import { useSandbox } from "./harness.ts";
import { Cluster } from "./main-job/cluster.ts";
import { firstDeploy, projectFolder, rootVault } from "./main-job/ground.ts";

const place = { namespace: "llm", name: "openai-api-key" };
const externalSecrets = { group: "external-secrets.io", version: "v1", plural: "externalsecrets" };
const foreign = "break-glass-foreign";
const merge = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);

/** The emergency's operators on the deployed stack, by the sandbox's kubeconfigs for them. */
describe("break-glass in Kubernetes", () => {
  let vault: VaultClient;
  let cluster: Cluster;
  let admin: CoreV1Api;
  let breakGlass: KubeConfig;
  let restore: KubeConfig;

  beforeAll(async () => {
    const sandbox = await useSandbox();
    vault = await rootVault(sandbox);
    await firstDeploy({ engine: directEngine("the tests' own", projectFolder), sandbox, vault });
    cluster = new Cluster(sandbox);
    const { kubeconfigs } = sandbox.kubernetes;
    const as = (file: string) => {
      const config = new KubeConfig();
      config.loadFromFile(file);
      return config;
    };
    admin = as(kubeconfigs.admin).makeApiClient(CoreV1Api);
    [breakGlass, restore] = [as(kubeconfigs.breakGlass), as(kubeconfigs.breakGlassRestore)];
    await admin.createNamespace({ body: { metadata: { name: foreign } } });
    for (const at of [
      { namespace: foreign, name: place.name },
      { ...place, name: "undeclared" },
    ]) {
      await admin.createNamespacedSecret({ namespace: at.namespace, body: { metadata: { name: at.name } } });
    }
    // An API server follows an admission policy a moment after it is written.
    await vi.waitFor(
      async () => expect((await deletion({ namespace: foreign, name: place.name }))[0]).toBe(403),
      { timeout: 30_000, interval: 250 },
    );
  });

  afterAll(async () => {
    await admin.deleteNamespace({ name: foreign });
    await admin.deleteNamespacedSecret({ ...place, name: "undeclared" });
    await vault.close();
  });

  function deletion(at: typeof place): Promise<readonly [number, string]> {
    const secrets = breakGlass.makeApiClient(CoreV1Api);
    return answer(() => secrets.deleteNamespacedSecret({ ...at, dryRun: "All" }));
  }

  function patch(by: KubeConfig, body: object, name = place.name): Promise<readonly [number, string]> {
    const objects = by.makeApiClient(CustomObjectsApi);
    const at = { ...externalSecrets, namespace: place.namespace, name };
    return answer(() => objects.patchNamespacedCustomObject({ ...at, body }, merge));
  }

  it("removes a declared Secret, and no other: neither one of that name elsewhere nor another one there", async () => {
    expect(await deletion(place)).toEqual([200, ""]);
    expect(await deletion({ namespace: foreign, name: place.name })).toEqual([
      403,
      expect.stringMatching(/break-glass removes the declared Secrets|declared namespaces/),
    ]);
    expect((await deletion({ ...place, name: "undeclared" }))[0]).toBe(403);
  });

  it("reads no Secret, not even one that it may remove", async () => {
    for (const by of [breakGlass, restore]) {
      const core = by.makeApiClient(CoreV1Api);
      const { namespace } = place;
      expect((await answer(() => core.readNamespacedSecret(place)))[0]).toBe(403);
      expect((await answer(() => core.listNamespacedSecret({ namespace })))[0]).toBe(403);
      expect((await answer(() => core.listSecretForAllNamespaces()))[0]).toBe(403);
    }
  });

  it("sees what reads a Secret and what will stop, and changes none of it", async () => {
    const core = breakGlass.makeApiClient(CoreV1Api);
    const objects = breakGlass.makeApiClient(CustomObjectsApi);
    const { namespace } = place;
    for (const look of [
      () => objects.getNamespacedCustomObject({ ...externalSecrets, ...place }),
      () => core.listNamespacedPod({ namespace }),
      () => breakGlass.makeApiClient(AppsV1Api).listDeploymentForAllNamespaces(),
      () => core.readNamespacedServiceAccount({ namespace, name: "vault-store" }),
    ]) {
      expect(await answer(look)).toEqual([200, ""]);
    }
    expect((await patch(breakGlass, { metadata: { annotations: { any: "thing" } } }))[0]).toBe(403);
    const pod = { metadata: { name: "mine" }, spec: { containers: [{ name: "a", image: "a" }] } };
    expect((await answer(() => core.createNamespacedPod({ namespace, body: pod })))[0]).toBe(403);
  });

  it("has ESO sync again by an annotation, in the other operator's hands", async () => {
    const before = await cluster.refreshTime(place.namespace, place.name);
    const annotations = { "force-sync": `${process.pid}-${before}` };
    expect(await patch(restore, { metadata: { annotations } })).toEqual([200, ""]);
    await expect
      .poll(() => cluster.refreshTime(place.namespace, place.name), { timeout: 60_000 })
      .not.toBe(before);
  });

  it.each([
    ["another path", { spec: { data: [{ secretKey: "api_key", remoteRef: { key: "other" } }] } }],
    ["another owner", { metadata: { labels: { "vault-management/environment": "other" } } }],
    ["a finalizer", { metadata: { finalizers: ["example.com/mine"] } }],
  ])("lets nobody give an ExternalSecret %s", async (_what, body) => {
    expect(await patch(restore, body)).toEqual([403, expect.stringContaining("changes annotations")]);
  });

  it("lets who gives back remove nothing", async () => {
    const core = restore.makeApiClient(CoreV1Api);
    const objects = restore.makeApiClient(CustomObjectsApi);
    expect((await answer(() => core.deleteNamespacedSecret({ ...place, dryRun: "All" })))[0]).toBe(403);
    const removal = () => objects.deleteNamespacedCustomObject({ ...externalSecrets, ...place });
    expect((await answer(removal))[0]).toBe(403);
  });
});

/** The status, and the API server's reason where it refuses. */
async function answer(ask: () => Promise<unknown>): Promise<readonly [number, string]> {
  try {
    await ask();
    return [200, ""];
  } catch (error) {
    if (error instanceof ApiException) return [error.code, String(error.body)];
    throw error;
  }
}
