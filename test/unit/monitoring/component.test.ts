import { describe, expect, it } from "vitest";
import { Monitoring } from "../../../components/monitoring/monitoring.ts";
import { MONITORING_KINDS, type MonitoringKind } from "../../../components/monitoring/names.ts";
import { createProviders } from "../../../components/providers.ts";
import type { Settings } from "../../../config/schema.ts";
import { holdsSecret, only, recordResources } from "../pulumi-mocks.ts";
import { everything, watched } from "./declarations.ts";

const RULE = "kubernetes:monitoring.coreos.com/v1:PrometheusRule";
const MONITOR = "kubernetes:monitoring.coreos.com/v1:ServiceMonitor";
const SCRAPE = "kubernetes:monitoring.coreos.com/v1alpha1:ScrapeConfig";
const CONFIG_MAP = "kubernetes:core/v1:ConfigMap";

const all = Object.keys(MONITORING_KINDS) as MonitoringKind[];

function build(settings: Settings, kinds: readonly MonitoringKind[] = all) {
  return recordResources(() => {
    const { kubernetes } = createProviders(settings);
    new Monitoring("monitoring", { settings, kinds }, { provider: kubernetes });
  });
}

const made = await build(watched());
const typesOf = (resources: typeof made) =>
  resources.filter(({ type, custom }) => custom && !type.startsWith("pulumi:")).map(({ type }) => type);

describe("alerts", () => {
  it("are one PrometheusRule for each concern, beside the exporter", () => {
    const rules = made.filter(({ type }) => type === RULE);
    expect(rules.map(({ inputs }) => (inputs.metadata as { name: string }).name).toSorted()).toEqual([
      ...["vault-management-audit", "vault-management-audit-trail", "vault-management-break-glass"],
      ...["vault-management-certificates", "vault-management-eso", "vault-management-exporter"],
      ...["vault-management-rotation", "vault-management-sync-llm", "vault-management-sync-user"],
      "vault-management-vault",
    ]);
    for (const { inputs } of rules) {
      expect(inputs.metadata).toMatchObject({
        namespace: "vault-monitoring",
        labels: { "vault-management/environment": "dev" },
      });
    }
  });

  it("stand beside the operator where there is no exporter", async () => {
    const without = await build(watched({ prometheusRules: true }));
    expect(only(without, RULE, "PrometheusRule/vault-management-eso").inputs.metadata).toMatchObject({
      namespace: "vault",
    });
  });
});

describe("what is scraped", () => {
  it("is the exporter and ESO, with the labels that the alerts are over", () => {
    const monitors = made.filter(({ type }) => type === MONITOR);
    expect(monitors.map(({ inputs }) => inputs.spec)).toEqual([
      expect.objectContaining({ namespaceSelector: { matchNames: ["vault-monitoring"] } }),
      expect.objectContaining({ namespaceSelector: { matchNames: ["vault"] } }),
    ]);
    for (const { inputs } of monitors) {
      expect(inputs.spec).toMatchObject({
        endpoints: [{ port: "metrics", honorLabels: true, interval: "30s" }],
      });
    }
  });

  it("is each audit reader under the name that its alert asks for", () => {
    expect(only(made, SCRAPE).inputs.spec).toMatchObject({
      staticConfigs: [{ targets: everything.auditReaders }],
    });
  });

  it("leaves another's operator to its owner", async () => {
    const dev = watched();
    const existing = { ...dev, externalSecrets: { ...dev.externalSecrets, mode: "existing" as const } };
    expect(typesOf(await build(existing)).filter((type) => type === MONITOR)).toHaveLength(1);
  });
});

it("makes nothing that is not asked for", async () => {
  expect(typesOf(await build(watched({})))).toEqual([]);
  expect(typesOf(await build(watched({ dashboard: true })))).toEqual([CONFIG_MAP]);
});

it("makes what the cluster takes, where it lacks some kinds", async () => {
  expect(new Set(typesOf(await build(watched(), [])))).toEqual(new Set([CONFIG_MAP]));
  expect(new Set(typesOf(await build(watched(), ["ServiceMonitor"])))).toEqual(
    new Set([MONITOR, CONFIG_MAP]),
  );
});

it("leaves nothing of the settings in the component's own inputs", () => {
  expect(made.find(({ custom }) => !custom)?.inputs).toEqual({});
  for (const { inputs } of made) expect(holdsSecret(inputs)).toBe(false);
});
