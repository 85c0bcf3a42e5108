import type { Settings } from "../../../config/schema.ts";
import { seconds } from "../../durations.ts";
import { deviceAlerts, readerAlerts } from "./audit.ts";
import { incidentAlerts, useAlerts } from "./break-glass.ts";
import { authorityAlerts, certificateAlerts } from "./certificates.ts";
import { type Exported, exportedBy } from "./promql.ts";
import { rotationAlerts } from "./rotation.ts";
import { type Alert, type AlertRule, alertRule } from "./rule.ts";
import { refreshedAlike, shortestSeconds } from "./secrets.ts";
import { syncAlerts } from "./sync.ts";
import { clusterAlerts, nodeAlerts } from "./vault.ts";
import { exporterAlerts, operatorAlerts } from "./watchers.ts";

/** Alerts of one concern; each becomes a PrometheusRule of its own, so that none outgrows what the API server takes. */
export interface RuleGroup {
  /** Unique in the stack, and fit for an object's name. */
  readonly name: string;
  readonly rules: readonly AlertRule[];
}

/**
 * What this stack's Prometheus is to tell of, by concern; groups without a rule are left out. Alerts whose series nobody
 * would bring are not among them: see sources.ts.
 */
export function ruleGroups(settings: Settings): readonly RuleGroup[] {
  const { monitoring, namespaces } = settings;
  const exporterSeconds = monitoring.exporter && seconds(monitoring.exporter.interval);
  const exported = exportedBy(settings.environment);
  const sources = { exported, ...(exporterSeconds === undefined ? {} : { exporterSeconds }) };
  const groups = refreshedAlike(settings);
  const shortest = shortestSeconds(groups);
  const readers = monitoring.auditReaders;
  return [
    ...namespaces.map((namespace) => {
      const own = groups.filter((group) => group.namespace === namespace.name);
      return { name: `sync-${namespace.name}`, alerts: syncAlerts(namespace, own, sources) };
    }),
    { name: "eso", alerts: shortest === undefined ? [] : operatorAlerts(shortest) },
    ...(exporterSeconds === undefined ? [] : byExporter(settings, exported, exporterSeconds)),
    ...(readers.length === 0 ? [] : byReaders(readers)),
  ]
    .filter(({ alerts }) => alerts.length > 0)
    .map(({ name, alerts }) => ({ name, rules: alerts.map((alert) => alertRule(settings, alert)) }));
}

interface Alerts {
  readonly name: string;
  readonly alerts: readonly Alert[];
}

/** What it has to see twice before somebody is told: one look may have failed. */
function byExporter(settings: Settings, exported: Exported, exporterSeconds: number): readonly Alerts[] {
  const { monitoring, namespaces, rotation } = settings;
  const nodes = Object.keys(monitoring.vault.nodes).toSorted();
  const twice = 2 * exporterSeconds;
  return [
    { name: "exporter", alerts: exporterAlerts(exported, exporterSeconds) },
    {
      name: "certificates",
      alerts: [
        ...authorityAlerts(exported, settings, twice),
        ...namespaces.flatMap((namespace) => certificateAlerts(exported, namespace, twice)),
      ],
    },
    { name: "rotation", alerts: rotation === undefined ? [] : rotationAlerts(exported, rotation, twice) },
    {
      name: "vault",
      alerts: [
        ...(nodes.length === 0 ? [] : nodeAlerts(exported, nodes, twice)),
        ...clusterAlerts(exported, settings, nodes, twice),
      ],
    },
    { name: "audit", alerts: deviceAlerts(exported, settings, twice) },
    { name: "break-glass", alerts: incidentAlerts(exported) },
  ];
}

/** A scrape of a reader may fail once, which is half a minute where nothing else is said. */
const READER_SECONDS = 60;

function byReaders(readers: readonly string[]): readonly Alerts[] {
  return [{ name: "audit-trail", alerts: [...useAlerts(readers), ...readerAlerts(readers, READER_SECONDS)] }];
}
