import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../config/schema.ts";
import { dashboardConfigMap, prometheusRules } from "./manifests.ts";
import { type MonitoringKind, monitoringNamespace } from "./names.ts";
import { monitoringNotes } from "./notes.ts";
import { scrapeConfigs, serviceMonitors } from "./scrapes.ts";

export interface MonitoringArgs {
  readonly settings: Settings;
  /** What of the Prometheus Operator's kinds the cluster has: what it lacks is not made, and the preview says so. */
  readonly kinds: readonly MonitoringKind[];
}

/** What tells people when something goes wrong: alerts, what Prometheus scrapes for them, and a dashboard. */
export class Monitoring extends pulumi.ComponentResource {
  constructor(name: string, { settings, kinds }: MonitoringArgs, options: pulumi.ComponentResourceOptions) {
    super("vault-management:monitoring:Monitoring", name, {}, options);
    const { monitoring } = settings;
    for (const note of monitoringNotes(settings, kinds)) void pulumi.log.warn(note, this);
    const namespace = monitoringNamespace(settings);
    if (namespace !== undefined) {
      const scraped = monitoring.serviceMonitors
        ? [...serviceMonitors(settings, namespace), ...scrapeConfigs(settings, namespace)]
        : [];
      const rules = monitoring.prometheusRules ? prometheusRules(settings, namespace) : [];
      for (const manifest of [...scraped, ...rules]) {
        if (kinds.some((kind) => kind === manifest.kind)) this.#custom(manifest);
      }
      if (monitoring.dashboard) this.#dashboard(settings, namespace);
    }
    this.registerOutputs({});
  }

  #custom(
    manifest: k8s.apiextensions.CustomResourceArgs & { readonly metadata: { readonly name: string } },
  ): void {
    new k8s.apiextensions.CustomResource(`${manifest.kind}/${manifest.metadata.name}`, manifest, {
      parent: this,
    });
  }

  #dashboard(settings: Settings, namespace: string): void {
    const manifest = dashboardConfigMap(settings, namespace);
    new k8s.core.v1.ConfigMap(manifest.metadata.name, manifest, { parent: this });
  }
}
