import type { Settings } from "../../config/schema.ts";
import {
  definitionOf,
  MONITORING_KINDS,
  type MonitoringKind,
  monitoringNamespace,
  wantedKinds,
} from "./names.ts";
import { missingSources, missingSourceText } from "./rules/sources.ts";

/** What a preview has to say: everything that is asked for and not made, and why. */
export function monitoringNotes(settings: Settings, served: readonly MonitoringKind[]): readonly string[] {
  const { monitoring } = settings;
  const wanted = Object.entries(wantedKinds(settings)) as [MonitoringKind, string][];
  if (wanted.length + Number(monitoring.dashboard) === 0) return breakGlass(settings) ? [UNWATCHED] : [];
  if (monitoringNamespace(settings) === undefined) return [NOWHERE];
  const alerting = monitoring.prometheusRules && served.includes("PrometheusRule");
  return [
    ...wanted.filter(([kind]) => !served.includes(kind)).map(([kind, field]) => notServed(kind, field)),
    ...(alerting ? missingSources(settings).map(missingSourceText) : []),
  ];
}

const NOWHERE =
  "Nothing of monitoring is made but the rotators' alerts: it stands beside the exporter or beside the operator that this stack " +
  "installs, and there is neither; declare monitoring.exporter: {}.";

const UNWATCHED =
  "No alert tells of a use of break-glass, or of anything else: declare monitoring.prometheusRules: true, with an exporter and " +
  "audit readers (docs/monitoring.md).";

/** Whether somebody may break glass in production. */
function breakGlass({ operators, tier }: Settings): boolean {
  return tier === "production" && operators?.people?.groups?.["break-glass"] !== undefined;
}

function notServed(kind: MonitoringKind, field: string): string {
  return (
    `${field} makes no ${kind}: the cluster has no definition ${definitionOf(kind)} that is served as ` +
    `${MONITORING_KINDS[kind]}; install the Prometheus Operator and update again.`
  );
}
