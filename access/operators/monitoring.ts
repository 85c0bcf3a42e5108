import type { PolicyRule } from "../../components/external-secrets/rbac.ts";
import { exporterSpecOf } from "../../components/monitoring/exporter/exporter-spec.ts";
import { EXPORTER } from "../../components/monitoring/exporter/names.ts";
import { exporterOf } from "../../components/monitoring/exporter/settings.ts";
import type { Settings } from "../../config/schema.ts";
import { requiredRules } from "../../jobs/exporter/grants.ts";
import { type ClusterSubject, RBAC, rbacSubject } from "./manifest.ts";
import { monitoringRoleName, monitoringViewRoleName } from "./names.ts";

const look = ["get", "list", "watch"];
const all = [...look, "create", "update", "patch", "delete"];

type Monitored = Pick<Settings, "environment" | "tier" | "operators" | "monitoring">;

/** What an update needs in the exporter's namespace, and in no other: who may write a Deployment there can act as the exporter. */
export function monitoringRules(): PolicyRule[] {
  return [
    { apiGroups: ["apps"], resources: ["deployments"], verbs: all },
    { apiGroups: [""], resources: ["configmaps", "services"], verbs: all },
    { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: all },
    {
      apiGroups: ["monitoring.coreos.com"],
      resources: ["prometheusrules", "servicemonitors", "scrapeconfigs"],
      verbs: all,
    },
    // What Pulumi's engine watches while it waits for a Deployment; without one of them it waits on, and says nothing.
    { apiGroups: [""], resources: ["pods", "persistentvolumeclaims"], verbs: look },
    { apiGroups: ["apps"], resources: ["replicasets"], verbs: look },
  ];
}

/** What an auditor looks at there: what runs, as what, and what it is told. */
export function monitoringViewRules(): PolicyRule[] {
  const view = ["get", "list"];
  return [
    { apiGroups: ["apps"], resources: ["deployments"], verbs: view },
    { apiGroups: [""], resources: ["configmaps", "services", "pods"], verbs: view },
    { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: view },
  ];
}

/** Whom the stack gives which of these two in the exporter's namespace: nobody where there is no exporter. */
export function monitoringBound(settings: Monitored): readonly {
  readonly role: string;
  readonly subjects: readonly ClusterSubject[];
}[] {
  if (exporterOf(settings) === undefined) return [];
  const { environment, operators } = settings;
  const { deployer, previewer, auditor } = operators?.kubernetes ?? {};
  const roles = [
    {
      role: monitoringRoleName(environment),
      subjects: [deployer, previewer].filter((one) => one !== undefined),
    },
    { role: monitoringViewRoleName(environment), subjects: [auditor].filter((one) => one !== undefined) },
  ];
  return roles.filter(({ subjects }) => subjects.length > 0);
}

/** What the stack itself makes for its operators in the exporter's namespace, which may exist only then. */
export function monitoringBindings(settings: Monitored) {
  return monitoringBound(settings).map(({ role, subjects }) => ({
    metadata: { name: role, namespace: settings.monitoring.exporter?.namespace ?? "" },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: role },
    subjects: subjects.map(rbacSubject),
  }));
}

/** The exporter's service account, which is named like its Roles; none where there is no exporter. */
export function exporterNames({ monitoring }: Pick<Settings, "monitoring">): readonly string[] {
  return monitoring.exporter === undefined ? [] : [EXPORTER];
}

/** `<namespace>/<name>` of each Role that the exporter is given -> its rules. */
export function exporterRules(settings: Settings): Readonly<Record<string, readonly PolicyRule[]>> {
  const exporter = exporterOf(settings);
  if (exporter === undefined) return {};
  return Object.fromEntries(
    Object.entries(requiredRules(exporterSpecOf(settings, exporter))).map(([namespace, rules]) => [
      `${namespace}/${EXPORTER}`,
      rules,
    ]),
  );
}
