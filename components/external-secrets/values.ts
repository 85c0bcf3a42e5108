import type { Settings } from "../../config/schema.ts";
import { OWNER_LABEL } from "./metadata.ts";

/** Name of the Helm release, and so of the Deployment and Service that the chart makes. */
export const releaseName = "external-secrets";

/**
 * Values of ESO's own chart, for releases 0.20 to 2.x alike. What an attacker or an outage could use is off:
 *
 * - RBAC is ours (rbac.ts), definitions are ours (crds.ts).
 * - No admission webhook: with its `failurePolicy: Fail` an outage of the webhook stops every change to a store or
 *   ExternalSecret, and its certificate controller may write Secrets in the whole cluster. What it would check, the
 *   declaration and the definitions' schemas check.
 * - Reconcilers of kinds that this program never writes are off, the cluster-scoped ones above all: a
 *   ClusterSecretStore would let any namespace read with another's identity.
 *
 * The image stays the chart's, since chart and image belong together. Requests and limits: 0.20.4
 * was seen at 120 MiB with a few ExternalSecrets; no CPU limit, since throttling delays syncs and protects nothing.
 */
export function chartValues({
  environment,
  externalSecrets,
}: Pick<Settings, "environment" | "externalSecrets">): Readonly<Record<string, unknown>> {
  const { replicas, concurrency, clientQps, clientBurst, serviceAccount } = externalSecrets;
  const several = replicas > 1;
  return {
    installCRDs: false,
    rbac: { create: false },
    serviceAccount: { create: true, name: serviceAccount },
    commonLabels: { [OWNER_LABEL]: environment },
    replicaCount: replicas,
    revisionHistoryLimit: 3,
    leaderElect: several,
    podDisruptionBudget: { enabled: several, minAvailable: 1 },
    concurrent: concurrency,
    extraArgs: { "client-qps": String(clientQps), "client-burst": String(clientBurst) },
    log: { level: "info", timeEncoding: "rfc3339" },
    metrics: { service: { enabled: true } },
    livenessProbe: { enabled: true },
    webhook: { create: false },
    certController: { create: false },
    ...unusedReconcilersOff,
    ...hardening,
  };
}

const unusedReconcilersOff = {
  processClusterStore: false,
  processClusterExternalSecret: false,
  processPushSecret: false,
  processClusterPushSecret: false,
  processClusterGenerator: false,
};

const hardening = {
  securityContext: {
    enabled: true,
    runAsNonRoot: true,
    runAsUser: 1000,
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    seccompProfile: { type: "RuntimeDefault" },
  },
  resources: {
    requests: { cpu: "50m", memory: "128Mi" },
    limits: { memory: "512Mi" },
  },
};
