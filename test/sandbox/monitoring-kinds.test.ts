import { KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { definitionOf, type MonitoringKind } from "../../components/monitoring/names.ts";
import type { Fields } from "../../resources/values.ts";
import { directEngine } from "../../sandbox/engine/direct/engine.ts";
import { KubernetesClient } from "../../sandbox/engine/direct/kubernetes-client.ts";
import { monitoringDefinitions } from "../unit/monitoring-crds.ts";
import { useSandbox } from "./harness.ts";
import { deploy, type Edit, type Ground, projectFolder, rootVault } from "./main-job/ground.ts";

/** Everything is asked for, in a cluster without the Prometheus Operator and then in one that has its definitions. */
const monitored: Edit = {
  externalSecrets: { readiness: { mode: "report", timeout: "1s" } },
  monitoring: {
    ...{ prometheusRules: true, serviceMonitors: true, dashboard: true },
    auditReaders: ["vault-0.voyager.internal:9465"],
  },
};

const MADE: readonly (readonly [MonitoringKind, version: string, name: string])[] = [
  ["PrometheusRule", "v1", "vault-management-sync-llm"],
  ["PrometheusRule", "v1", "vault-management-audit-trail"],
  ["ServiceMonitor", "v1", "vault-management-external-secrets"],
  ["ScrapeConfig", "v1alpha1", "vault-management-audit-readers"],
];

const dashboard = { apiVersion: "v1", kind: "ConfigMap", namespace: "vault" };

let ground: Ground;
let kubernetes: KubernetesClient;

beforeAll(async () => {
  const sandbox = await useSandbox();
  const engine = directEngine("the tests' own", projectFolder);
  ground = { engine, sandbox, vault: await rootVault(sandbox) };
  const config = new KubeConfig();
  config.loadFromFile(sandbox.kubernetes.kubeconfigs.admin);
  kubernetes = await KubernetesClient.connect(config);
});

afterAll(async () => {
  for (const kind of new Set(MADE.map(([made]) => made))) {
    const [apiVersion, name] = ["apiextensions.k8s.io/v1", definitionOf(kind)];
    await kubernetes.delete({ apiVersion, kind: "CustomResourceDefinition", name }, 30_000);
  }
  // The tests' engine looks for ConfigMaps among the rotators alone.
  await kubernetes.delete({ ...dashboard, name: "vault-management-dashboard" }, 30_000);
  await kubernetes.close();
  await ground.vault.close();
});

describe("the Prometheus Operator's kinds, as the deployer writes them", () => {
  test("are left out where the cluster lacks them: all else is deployed, and each is named", async () => {
    const { warnings, changes } = await deploy(ground, monitored);
    const text = warnings.join("\n");
    for (const kind of ["PrometheusRule", "ServiceMonitor", "ScrapeConfig"]) {
      expect(text).toMatch(new RegExp(`monitoring\\.\\w+ makes no ${kind}: the cluster has no definition`));
    }
    expect(changes.created + changes.same).toBeGreaterThan(10);
    expect(await kubernetes.read({ ...dashboard, name: "vault-management-dashboard" })).toMatchObject({
      metadata: { labels: { grafana_dashboard: "1" } },
    });
  });

  test("are taken by an API server that has their own definitions", async () => {
    for (const definition of await monitoringDefinitions()) {
      await kubernetes.apply(definition as unknown as Fields);
    }
    const { warnings } = await deploy(ground, monitored);
    expect(warnings.join("\n")).not.toContain("makes no");
    expect(warnings.join("\n")).toContain("No alert VaultNodeDown, VaultSealed, VaultTwoLeaders: ");
    for (const [kind, version, name] of MADE) {
      const ref = { apiVersion: `monitoring.coreos.com/${version}`, kind, namespace: "vault", name };
      expect(await kubernetes.read(ref), name).toMatchObject({ kind });
    }
  });

  test("are as declared the next time: what the server fills in changes nothing", async () => {
    const { changes } = await deploy(ground, monitored);
    expect(changes).toMatchObject({ created: 0, updated: 0, deleted: 0 });
    await deploy(ground, { externalSecrets: { readiness: { mode: "report", timeout: "1s" } } });
  });
});
