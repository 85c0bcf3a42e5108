import { requiredRules } from "../../../jobs/exporter/grants.ts";
import { ownLabels } from "../../external-secrets/metadata.ts";
import { tokenReviewBindingName, tokenReviewRoleName } from "../../external-secrets/rbac.ts";
import { exporterSpecOf } from "./exporter-spec.ts";
import { EXPORTER, exporterLabels } from "./names.ts";
import type { ExporterSettings, ExporterStack } from "./settings.ts";

const RBAC = "rbac.authorization.k8s.io";

/** The exporter's Role in each namespace that it looks at, and the binding that gives it. */
export function exporterRoles(settings: ExporterStack, exporter: ExporterSettings) {
  const labels = exporterLabels(settings.environment);
  return Object.entries(requiredRules(exporterSpecOf(settings, exporter))).map(([namespace, rules]) => ({
    namespace,
    role: { metadata: { name: EXPORTER, namespace, labels }, rules: [...rules] },
    binding: {
      metadata: { name: EXPORTER, namespace, labels },
      roleRef: { apiGroup: RBAC, kind: "Role", name: EXPORTER },
      subjects: [exporterSubject(exporter)],
    },
  }));
}

/** Lets the exporter's logins be reviewed by the cluster; with method `jwt` nothing is. */
export function exporterReview({ environment, vault }: ExporterStack, exporter: ExporterSettings) {
  if (vault.auth.method !== "kubernetes") return undefined;
  return {
    metadata: {
      name: tokenReviewBindingName(environment, exporter.namespace),
      labels: ownLabels(environment),
    },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: tokenReviewRoleName(environment) },
    subjects: [exporterSubject(exporter)],
  };
}

/** Its service account, as the subject of a binding. */
export function exporterSubject({ namespace }: Pick<ExporterSettings, "namespace">) {
  return { kind: "ServiceAccount", name: EXPORTER, namespace };
}
