import type { Settings } from "../../config/schema.ts";
import { seconds } from "../durations.ts";
import { releaseName } from "../external-secrets/values.ts";
import { EXPORTER, EXPORTER_PORT_NAME, exporterSelector } from "./exporter/names.ts";
import { MONITORING, MONITORING_API, MONITORING_KINDS, selectedLabels } from "./names.ts";

/** Where nothing else is declared. */
const SCRAPE_SECONDS = 30;

/** What a Prometheus Operator's Prometheus is to scrape, in the namespace that is monitoring's. */
export function serviceMonitors(settings: Settings, namespace: string) {
  const { monitoring, externalSecrets } = settings;
  return [
    ...(monitoring.exporter === undefined
      ? []
      : [
          serviceMonitor(settings, namespace, EXPORTER, {
            namespace: monitoring.exporter.namespace,
            labels: exporterSelector,
          }),
        ]),
    // Another's operator is its owner's to scrape: twice would be two series of each.
    ...(externalSecrets.mode === "managed"
      ? [
          serviceMonitor(settings, namespace, `${MONITORING}-${releaseName}`, {
            namespace: externalSecrets.namespace,
            labels: {
              "app.kubernetes.io/name": "external-secrets",
              "app.kubernetes.io/instance": releaseName,
            },
          }),
        ]
      : []),
  ];
}

/** Of the readers beside Vault's nodes, which are not in the cluster; none where none is declared. */
export function scrapeConfigs(settings: Settings, namespace: string) {
  const { auditReaders } = settings.monitoring;
  if (auditReaders.length === 0) return [];
  return [
    {
      apiVersion: `${MONITORING_API}/${MONITORING_KINDS.ScrapeConfig}`,
      kind: "ScrapeConfig",
      metadata: metadata(settings, namespace, `${MONITORING}-audit-readers`),
      spec: {
        jobName: `${MONITORING}-audit-reader`,
        staticConfigs: [{ targets: [...auditReaders] }],
        metricsPath: "/metrics",
        scrapeInterval: `${scrapeSeconds(settings)}s`,
      },
    },
  ];
}

interface Scraped {
  readonly namespace: string;
  /** Of the Service, whose port is called as the exporter's is. */
  readonly labels: Readonly<Record<string, string>>;
}

function serviceMonitor(settings: Settings, namespace: string, name: string, scraped: Scraped) {
  return {
    apiVersion: `${MONITORING_API}/${MONITORING_KINDS.ServiceMonitor}`,
    kind: "ServiceMonitor",
    metadata: metadata(settings, namespace, name),
    spec: {
      namespaceSelector: { matchNames: [scraped.namespace] },
      selector: { matchLabels: scraped.labels },
      // The series' own `namespace` is the ExternalSecret's, and the alerts are over that one.
      endpoints: [{ port: EXPORTER_PORT_NAME, honorLabels: true, interval: `${scrapeSeconds(settings)}s` }],
    },
  };
}

/** As often as the exporter looks, and not less: two looks in a row make an alert. */
function scrapeSeconds({ monitoring: { exporter } }: Settings): number {
  return exporter === undefined ? SCRAPE_SECONDS : Math.min(SCRAPE_SECONDS, seconds(exporter.interval));
}

function metadata(settings: Settings, namespace: string, name: string) {
  return { name, namespace, labels: selectedLabels(settings) };
}
