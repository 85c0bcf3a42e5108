import type { Settings } from "../../../config/schema.ts";
import { type ConfigMapManifest, immutableConfigMap } from "../../config-maps.ts";
import { type JobFiles, jobMounts } from "../../job-mounts.ts";
import { containerSecurity, podSecurity } from "../../pod-security.ts";
import { exporterSpecOf, FILES } from "./exporter-spec.ts";
import { EXPORTER, EXPORTER_PORT, EXPORTER_PORT_NAME, exporterLabels, exporterSelector } from "./names.ts";
import type { ExporterSettings, ExporterStack } from "./settings.ts";

/** The kubelet replaces it when four fifths of its life are over. */
const TOKEN_SECONDS = 3_600;

/** @param program what `bundleJob` gave */
export function programConfigMap(
  { environment }: Pick<Settings, "environment">,
  { namespace }: ExporterSettings,
  program: string,
): ConfigMapManifest {
  return immutableConfigMap("exporter", namespace, exporterLabels(environment), { "exporter.mjs": program });
}

/** What the exporter is told, and the CA by which it knows Vault. No value is in it. */
export function specConfigMap(settings: ExporterStack, exporter: ExporterSettings): ConfigMapManifest {
  const { caCertificate } = settings.vault;
  return immutableConfigMap("exporter-spec", exporter.namespace, exporterLabels(settings.environment), {
    "spec.json": `${JSON.stringify(exporterSpecOf(settings, exporter), null, 2)}\n`,
    ...(caCertificate === undefined ? {} : { "vault-ca.crt": caCertificate }),
  });
}

/** One replica: two would tell the same. A new one starts before the old one ends, so that a scrape finds one. */
export function deployment<Name>(
  settings: Pick<Settings, "environment" | "vault">,
  { namespace, image }: ExporterSettings,
  files: JobFiles<Name>,
) {
  const labels = exporterLabels(settings.environment);
  return {
    metadata: { name: EXPORTER, namespace, labels },
    spec: {
      replicas: 1,
      revisionHistoryLimit: 2,
      selector: { matchLabels: exporterSelector },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: { metadata: { labels }, spec: pod(settings, image, files) },
    },
  };
}

/** An update does not wait for its endpoints: whether the exporter runs says the Deployment, sooner and with the reason. */
export function service({ environment }: Pick<Settings, "environment">, { namespace }: ExporterSettings) {
  return {
    metadata: {
      name: EXPORTER,
      namespace,
      labels: exporterLabels(environment),
      annotations: { "pulumi.com/skipAwait": "true" },
    },
    spec: {
      selector: exporterSelector,
      ports: [{ name: EXPORTER_PORT_NAME, port: EXPORTER_PORT, targetPort: EXPORTER_PORT, protocol: "TCP" }],
    },
  };
}

function pod<Name>({ vault }: Pick<Settings, "vault">, image: string, files: JobFiles<Name>) {
  const { env, volumeMounts, volumes } = jobMounts(FILES, files, TOKEN_SECONDS, vault.caCertificate);
  return {
    serviceAccountName: EXPORTER,
    // Mounted by hand.
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurity,
    containers: [
      {
        name: "exporter",
        image,
        command: ["node", FILES.program, FILES.spec, `--listen=:${EXPORTER_PORT}`],
        env,
        ports: [{ name: EXPORTER_PORT_NAME, containerPort: EXPORTER_PORT, protocol: "TCP" }],
        readinessProbe: { httpGet: { path: "/healthz", port: EXPORTER_PORT }, periodSeconds: 10 },
        // No liveness probe of /healthz: a first round that waits for a server which is down must not be restarted.
        securityContext: containerSecurity,
        resources: { requests: { cpu: "20m", memory: "96Mi" }, limits: { memory: "256Mi" } },
        volumeMounts,
      },
    ],
    volumes,
  };
}
