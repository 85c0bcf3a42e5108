import { describe, expect, it } from "vitest";
import { prometheusRules } from "../../../components/monitoring/manifests.ts";
import { scrapeConfigs, serviceMonitors } from "../../../components/monitoring/scrapes.ts";
import { rotationRule } from "../../../components/rotation/alerts.ts";
import { schemasOf } from "../external-secrets/crd-validation.ts";
import { monitoringDefinitions } from "../monitoring-crds.ts";
import { everything, watched } from "./declarations.ts";

const settings = watched();
const { rotation } = settings;
const [key] = rotation?.keys ?? [];
if (rotation === undefined || key === undefined) throw new Error("no rotation");

const schemas = schemasOf(await monitoringDefinitions());

describe("what the Prometheus Operator is given", () => {
  it("has the labels that are declared, by which a Prometheus selects, besides the stack's own", () => {
    const labels = { release: "kube-prometheus-stack", "app.kubernetes.io/managed-by": "somebody" };
    const selected = watched({ ...everything, labels });
    const manifests = [
      ...prometheusRules(selected, "vault-monitoring"),
      ...serviceMonitors(selected, "vault-monitoring"),
      ...scrapeConfigs(selected, "vault-monitoring"),
      rotationRule(selected, rotation, key),
    ];
    for (const { metadata } of manifests) {
      expect(metadata.labels).toMatchObject({
        release: "kube-prometheus-stack",
        "app.kubernetes.io/managed-by": "vault-management",
        "vault-management/environment": "dev",
      });
    }
  });

  it.each([
    ...prometheusRules(settings, "vault-monitoring"),
    ...serviceMonitors(settings, "vault-monitoring"),
    ...scrapeConfigs(settings, "vault-monitoring"),
    rotationRule(settings, rotation, key),
  ])("$kind $metadata.name is as its own definition asks, with nothing unknown in it", (manifest) => {
    const check = schemas[manifest.kind];
    expect(check?.(manifest), JSON.stringify(check?.errors)).toBe(true);
  });
});
