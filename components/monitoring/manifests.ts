import type { Settings } from "../../config/schema.ts";
import { ownLabels } from "../external-secrets/metadata.ts";
import { dashboard } from "./dashboard/dashboard.ts";
import { MONITORING, MONITORING_API, MONITORING_KINDS, selectedLabels } from "./names.ts";
import { ruleGroups } from "./rules/all.ts";

/** One for each group of alerts. */
export function prometheusRules(settings: Settings, namespace: string) {
  return ruleGroups(settings).map(({ name, rules }) => ({
    apiVersion: `${MONITORING_API}/${MONITORING_KINDS.PrometheusRule}`,
    kind: "PrometheusRule",
    metadata: {
      name: `${MONITORING}-${name}`,
      namespace,
      labels: selectedLabels(settings),
    },
    spec: { groups: [{ name: `${MONITORING}.${settings.environment}.${name}`, rules }] },
  }));
}

/** Grafana's sidecar loads what has this label. */
export const DASHBOARD_LABEL = "grafana_dashboard";

export function dashboardConfigMap({ environment }: Settings, namespace: string) {
  return {
    metadata: {
      name: `${MONITORING}-dashboard`,
      namespace,
      labels: { ...ownLabels(environment), [DASHBOARD_LABEL]: "1" },
    },
    data: { [`${MONITORING}-${environment}.json`]: JSON.stringify(dashboard(environment), null, 2) },
  };
}
