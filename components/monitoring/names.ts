import type { Settings } from "../../config/schema.ts";
import { ownLabels } from "../external-secrets/metadata.ts";

/** Begins the name of each object that monitoring has in the cluster. */
export const MONITORING = "vault-management";

/** API of the Prometheus Operator, which is not there in every cluster. */
export const MONITORING_API = "monitoring.coreos.com";

/** Kinds of it that this stack writes -> the version in which it writes them. */
export const MONITORING_KINDS = {
  PrometheusRule: "v1",
  ServiceMonitor: "v1",
  ScrapeConfig: "v1alpha1",
} as const;

export type MonitoringKind = keyof typeof MONITORING_KINDS;

/** Of what a Prometheus is to take: this stack's own labels, and those that its selectors ask for. */
export function selectedLabels({
  environment,
  monitoring,
}: Pick<Settings, "environment" | "monitoring">): Readonly<Record<string, string>> {
  return { ...monitoring.labels, ...ownLabels(environment) };
}

/** Name of a kind's definition. */
export function definitionOf(kind: MonitoringKind): string {
  return `${kind.toLowerCase()}s.${MONITORING_API}`;
}

/** What a stack's declaration asks of the Prometheus Operator: the kind -> the field that asks for it. */
export function wantedKinds({
  monitoring,
}: Pick<Settings, "monitoring">): Readonly<Partial<Record<MonitoringKind, string>>> {
  const { prometheusRules, serviceMonitors, auditReaders } = monitoring;
  return {
    ...(prometheusRules ? { PrometheusRule: "monitoring.prometheusRules" } : {}),
    ...(serviceMonitors ? { ServiceMonitor: "monitoring.serviceMonitors" } : {}),
    ...(serviceMonitors && auditReaders.length > 0 ? { ScrapeConfig: "monitoring.serviceMonitors" } : {}),
  };
}

/**
 * Where monitoring's objects are: beside the exporter, else beside the operator that this stack installs; `undefined` where it
 * has neither, and so no namespace for them.
 */
export function monitoringNamespace({
  monitoring,
  externalSecrets,
}: Pick<Settings, "monitoring" | "externalSecrets">): string | undefined {
  if (monitoring.exporter !== undefined) return monitoring.exporter.namespace;
  return externalSecrets.mode === "managed" ? externalSecrets.namespace : undefined;
}
