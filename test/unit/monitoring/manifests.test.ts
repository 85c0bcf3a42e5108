import { describe, expect, it } from "vitest";
import { prometheusRules } from "../../../components/monitoring/manifests.ts";
import { scrapeConfigs, serviceMonitors } from "../../../components/monitoring/scrapes.ts";
import { rotationRule } from "../../../components/rotation/alerts.ts";
import { schemasOf } from "../external-secrets/crd-validation.ts";
import { monitoringDefinitions } from "../monitoring-crds.ts";
import { watched } from "./declarations.ts";

const settings = watched();
const { rotation } = settings;
const [key] = rotation?.keys ?? [];
if (rotation === undefined || key === undefined) throw new Error("no rotation");

const schemas = schemasOf(await monitoringDefinitions());

describe("what the Prometheus Operator is given", () => {
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
