import type { PolicyRule } from "../../components/external-secrets/rbac.ts";
import { releaseName } from "../../components/external-secrets/values.ts";
import type { Settings } from "../../config/schema.ts";
import { dryRunPolicy, namespacesPolicy } from "./admission.ts";
import {
  breakGlassClusterRules,
  breakGlassRestoreClusterRules,
  removalsPolicy,
  resyncsPolicy,
} from "./break-glass-kubernetes.ts";
import {
  auditorClusterRules,
  type ClusterLeftovers,
  deployerClusterRules,
  managesOperator,
  noLeftovers,
  previewerClusterRules,
  releaseRules,
} from "./kubernetes-rules.ts";
import { type ClusterSubject, type Manifest, RBAC, rbacSubject } from "./manifest.ts";
import { monitoringRules, monitoringViewRules } from "./monitoring.ts";
import {
  monitoringRoleName,
  monitoringViewRoleName,
  operatorClusterRoleName,
  releaseRoleName,
  rotationRoleName,
  rotationViewRoleName,
} from "./names.ts";
import { rolesPolicy } from "./role-admission.ts";
import { rotationRules, rotationViewRules } from "./rotation.ts";

/** Marks what bootstrap makes, with the environment as its value: by it bootstrap finds what is declared no more. */
export const OPERATORS_LABEL = "vault-management/operators-of";

/**
 * Everything that the declared operators need in the cluster: a ClusterRole and its binding each, and the admission
 * policies that hold the previewer to dry runs, all of them to the stack's namespaces, what they grant to the program's own
 * roles, and break-glass to the declared Secrets. Policies come first: rights without them would be wider.
 */
export function operatorManifests(
  settings: Settings,
  leftovers: ClusterLeftovers = noLeftovers,
): readonly Manifest[] {
  const { environment } = settings;
  const declared = settings.operators?.kubernetes ?? {};
  const { deployer, previewer, auditor } = declared;
  const subjects = Object.values(declared).filter((one) => one !== undefined);
  const updaters = [deployer, previewer].filter((one) => one !== undefined);
  const manifests = [
    ...(previewer ? dryRunPolicy(environment, previewer) : []),
    ...(subjects.length > 0 ? namespacesPolicy(settings, subjects, leftovers.namespaces) : []),
    ...(updaters.length > 0 ? rolesPolicy(settings, updaters) : []),
    ...emergencyPolicies(settings),
    ...(updaters.length > 0 && managesOperator(settings)
      ? [clusterRole(releaseRoleName(environment), releaseRules())]
      : []),
    // Where nothing rotates any more as well: the update that removes the last rotation needs it, and unbound it gives nothing.
    ...(updaters.length > 0 ? [clusterRole(rotationRoleName(environment), rotationRules())] : []),
    ...(auditor ? [clusterRole(rotationViewRoleName(environment), rotationViewRules())] : []),
    ...(updaters.length > 0 ? [clusterRole(monitoringRoleName(environment), monitoringRules())] : []),
    ...(auditor ? [clusterRole(monitoringViewRoleName(environment), monitoringViewRules())] : []),
    ...boundRoles(settings, leftovers),
  ];
  return manifests.map((manifest) => labelled(manifest, environment));
}

function emergencyPolicies(settings: Settings): readonly Manifest[] {
  const declared = settings.operators?.kubernetes ?? {};
  const { "break-glass": breakGlass, "break-glass-restore": restore } = declared;
  return [
    ...(breakGlass ? removalsPolicy(settings, breakGlass) : []),
    ...(restore ? resyncsPolicy(settings, restore) : []),
  ];
}

/** Each declared operator's own ClusterRole, and the binding that gives it. */
function boundRoles(settings: Settings, leftovers: ClusterLeftovers): readonly Manifest[] {
  const declared = settings.operators?.kubernetes ?? {};
  const rules: Readonly<Record<keyof typeof declared, () => PolicyRule[]>> = {
    deployer: () => deployerClusterRules(settings, leftovers),
    previewer: () => previewerClusterRules(settings, leftovers),
    auditor: () => auditorClusterRules(settings),
    "break-glass": () => breakGlassClusterRules(settings),
    "break-glass-restore": () => breakGlassRestoreClusterRules(settings),
  };
  return Object.entries(rules).flatMap(([name, rulesOf]) => {
    const operator = name as keyof typeof declared;
    const subject = declared[operator];
    if (subject === undefined) return [];
    return bound(operatorClusterRoleName(settings.environment, operator), rulesOf(), subject);
  });
}

/**
 * What the stack itself makes for its operators: their rights in the namespace of ESO's release, which exists only once
 * the stack has made it. Nothing where nobody is declared, or where ESO is somebody else's.
 */
export function releaseBindings(settings: Settings) {
  const { deployer, previewer } = settings.operators?.kubernetes ?? {};
  const subjects = [deployer, previewer].filter((one) => one !== undefined);
  if (subjects.length === 0 || !managesOperator(settings)) return [];
  return [
    {
      apiVersion: `${RBAC}/v1`,
      kind: "RoleBinding",
      metadata: { name: `${releaseName}-operators`, namespace: settings.externalSecrets.namespace },
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: releaseRoleName(settings.environment) },
      subjects: subjects.map(rbacSubject),
    },
  ];
}

function bound(name: string, rules: PolicyRule[], subject: ClusterSubject): readonly Manifest[] {
  const binding = {
    apiVersion: `${RBAC}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name },
    subjects: [rbacSubject(subject)],
  };
  return [clusterRole(name, rules), binding];
}

function clusterRole(name: string, rules: PolicyRule[]): Manifest {
  return { apiVersion: `${RBAC}/v1`, kind: "ClusterRole", metadata: { name }, rules };
}

function labelled(manifest: Manifest, environment: string): Manifest {
  const labels = { "app.kubernetes.io/managed-by": "vault-management", [OPERATORS_LABEL]: environment };
  return { ...manifest, metadata: { ...manifest.metadata, labels } };
}
