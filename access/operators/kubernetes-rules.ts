import { policyNames } from "../../components/external-secrets/admission/policy.ts";
import { neededCrds } from "../../components/external-secrets/crds.ts";
import {
  operatorRoleName,
  type PolicyRule,
  tokenReviewBindingName,
  tokenReviewRoleName,
} from "../../components/external-secrets/rbac.ts";
import { releaseName } from "../../components/external-secrets/values.ts";
import { exporterOf } from "../../components/monitoring/exporter/settings.ts";
import type { Settings } from "../../config/schema.ts";
import { RBAC } from "./manifest.ts";
import { exporterNames, monitoringBound } from "./monitoring.ts";
import { releaseRoleName } from "./names.ts";
import { rotationBound, rotatorNames } from "./rotation.ts";

/** Names of what an earlier declaration has left in the cluster: the next update removes it. */
export interface ClusterLeftovers {
  /** Namespaces that hold objects of the stack. */
  readonly namespaces: readonly string[];
  /** Those of them that the stack made. */
  readonly ownNamespaces: readonly string[];
  readonly clusterRoleBindings: readonly string[];
  readonly clusterRoles: readonly string[];
}

export const noLeftovers: ClusterLeftovers = {
  namespaces: [],
  ownNamespaces: [],
  clusterRoleBindings: [],
  clusterRoles: [],
};

const ADMISSION = "admissionregistration.k8s.io";
const look = ["get", "list", "watch"];
const write = ["create", "update", "patch", "delete"];

/**
 * What an update needs in the whole cluster: both engines, and Helm outside its release's namespace. What has no namespace
 * is changed by name alone. What has one may be looked at everywhere, Secrets excepted; an admission policy (see
 * admission.ts) confines writes to the declared namespaces, since those that the stack makes are not there yet when rights
 * are given.
 *
 * RBAC lets nobody grant what they do not hold, unless they may `escalate` the role and `bind` it. Holding it would mean
 * listing every Secret; so the deployer may do both. `create` has no name to be limited by, and so `escalate` has none
 * either: an admission policy (role-admission.ts) lets through the program's own roles with the program's own rules, bound
 * to the declared accounts. What remains reachable: it can run a pod as the operator, through the release.
 */
export function deployerClusterRules(
  settings: Settings,
  leftovers: ClusterLeftovers = noLeftovers,
): PolicyRule[] {
  const roles = clusterRoleNames(settings);
  const bindings = [...clusterRoleBindingNames(settings), ...leftovers.clusterRoleBindings];
  const namespaces = [...createdNamespaces(settings), ...leftovers.ownNamespaces];
  return [
    ...byName("", "namespaces", namespaces, keeping(settings)),
    ...(managesOperator(settings)
      ? byName("apiextensions.k8s.io", "customresourcedefinitions", [...neededCrds], keeping(settings))
      : [{ apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"], verbs: look }]),
    ...byName(RBAC, "clusterroles", roles, ["update", "patch", "delete"]),
    ...(leftovers.clusterRoles.length > 0
      ? [named(RBAC, "clusterroles", leftovers.clusterRoles, ["delete"])]
      : []),
    { apiGroups: [RBAC], resources: ["clusterroles", "roles"], verbs: ["escalate"] },
    ...byName(RBAC, "clusterrolebindings", bindings),
    named(RBAC, "clusterroles", [...roles, ...releaseRoles(settings), ...jobsRoles(settings)], ["bind"]),
    { apiGroups: [RBAC], resources: ["roles", "rolebindings"], verbs: [...look, ...write] },
    named(RBAC, "roles", [releaseName, ...rotatorNames(settings), ...exporterNames(settings)], ["bind"]),
    { apiGroups: [""], resources: ["serviceaccounts"], verbs: [...look, ...write] },
    {
      apiGroups: ["external-secrets.io"],
      resources: ["externalsecrets", "secretstores"],
      verbs: [...look, ...write],
    },
    {
      apiGroups: ["generators.external-secrets.io"],
      resources: ["vaultdynamicsecrets"],
      verbs: [...look, ...write],
    },
    { apiGroups: [""], resources: ["events"], verbs: look },
    ...["validatingadmissionpolicies", "validatingadmissionpolicybindings"].flatMap((kind) =>
      byName(ADMISSION, kind, policyNames(settings.environment)),
    ),
  ];
}

/**
 * The deployer's, because a dry run takes the same verbs; except that the API server asks no admission policy about admission
 * policies, so that nothing would hold the previewer to dry runs of those: it may look at them.
 */
export function previewerClusterRules(settings: Settings, leftovers: ClusterLeftovers): PolicyRule[] {
  const rules = deployerClusterRules(settings, leftovers);
  const resources = ["validatingadmissionpolicies", "validatingadmissionpolicybindings"];
  return [
    ...rules.filter(({ apiGroups }) => !apiGroups.includes(ADMISSION)),
    { apiGroups: [ADMISSION], resources, verbs: look },
  ];
}

/**
 * What Helm and the engines need in the release's own namespace: its objects, and its Secrets, in which Helm keeps the
 * release; and monitoring's objects, where no exporter has a namespace for them. Whoever may write a Deployment there can run
 * as the operator, which may list every Secret of the cluster.
 */
export function releaseRules(): PolicyRule[] {
  const all = [...look, ...write];
  return [
    { apiGroups: [""], resources: ["secrets", "services"], verbs: all },
    { apiGroups: ["apps"], resources: ["deployments"], verbs: all },
    { apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: all },
    { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: all },
    { apiGroups: [""], resources: ["pods", "endpoints"], verbs: look },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: look },
    { apiGroups: ["apps"], resources: ["replicasets"], verbs: look },
    {
      apiGroups: ["monitoring.coreos.com"],
      resources: ["prometheusrules", "scrapeconfigs", "servicemonitors"],
      verbs: all,
    },
    { apiGroups: [""], resources: ["configmaps"], verbs: all },
  ];
}

/**
 * What asking Vault as a workload takes: a token of a declared service account, by its name; an admission policy confines
 * it to the declared namespaces. No Secret and no other token.
 */
export function auditorClusterRules(settings: Settings): PolicyRule[] {
  const accounts = settings.namespaces.flatMap(({ stores }) =>
    stores.map(({ serviceAccount }) => serviceAccount),
  );
  return [
    ...(accounts.length > 0 ? [named("", "serviceaccounts/token", [...new Set(accounts)], ["create"])] : []),
    {
      apiGroups: ["external-secrets.io"],
      resources: ["externalsecrets", "secretstores"],
      verbs: ["get", "list"],
    },
    {
      apiGroups: ["generators.external-secrets.io"],
      resources: ["vaultdynamicsecrets"],
      verbs: ["get", "list"],
    },
    { apiGroups: [""], resources: ["namespaces", "serviceaccounts"], verbs: ["get", "list"] },
    // Whether ESO runs; and why it could not sync something, which it says in events alone.
    named("apps", "deployments", [releaseName], ["get"]),
    { apiGroups: [""], resources: ["events"], verbs: ["list"] },
  ];
}

/** Namespaces that an update makes, labels or removes. */
export function createdNamespaces(settings: Settings): readonly string[] {
  const exporter = exporterOf(settings);
  return [
    ...(managesOperator(settings) ? [settings.externalSecrets.namespace] : []),
    ...settings.namespaces.filter(({ create }) => create).map(({ name }) => name),
    ...(settings.rotation?.create ? [settings.rotation.namespace] : []),
    ...(exporter?.create ? [exporter.namespace] : []),
  ];
}

/** Whether this stack installs ESO. */
export function managesOperator({ externalSecrets }: Pick<Settings, "externalSecrets">): boolean {
  return externalSecrets.mode === "managed";
}

/** ClusterRoles that the stack makes. */
export function clusterRoleNames(settings: Settings): readonly string[] {
  const { environment, vault } = settings;
  return [
    ...(vault.auth.method === "kubernetes" ? [tokenReviewRoleName(environment)] : []),
    ...(managesOperator(settings) ? [operatorRoleName(environment)] : []),
  ];
}

/** ClusterRoleBindings that the stack makes. */
export function clusterRoleBindingNames(settings: Settings): readonly string[] {
  const { environment, vault, namespaces, rotation, monitoring } = settings;
  const withLogins = [
    ...namespaces.map(({ name }) => name),
    ...(rotation === undefined ? [] : [rotation.namespace]),
    ...(monitoring.exporter === undefined ? [] : [monitoring.exporter.namespace]),
  ];
  return [
    ...(vault.auth.method === "kubernetes"
      ? withLogins.map((name) => tokenReviewBindingName(environment, name))
      : []),
    ...(managesOperator(settings) ? [operatorRoleName(environment)] : []),
  ];
}

/** The stack gives its deployer the rights in the release's namespace, which it makes itself. */
function releaseRoles(settings: Settings): readonly string[] {
  return managesOperator(settings) ? [releaseRoleName(settings.environment)] : [];
}

/** As above, in the rotators' namespace and in the exporter's. */
function jobsRoles(settings: Settings): readonly string[] {
  return [...rotationBound(settings), ...monitoringBound(settings)].map(({ role }) => role);
}

/** Production keeps what it must not lose. */
function keeping({ tier }: Settings): readonly string[] {
  return tier === "production" ? ["update", "patch"] : ["update", "patch", "delete"];
}

/** Looking at a kind and making one of it, whatever its name; everything else by name. */
function byName(
  apiGroup: string,
  resource: string,
  names: readonly string[],
  verbs: readonly string[] = ["update", "patch", "delete"],
): readonly PolicyRule[] {
  return [
    { apiGroups: [apiGroup], resources: [resource], verbs: [...look, "create"] },
    ...(names.length > 0 ? [named(apiGroup, resource, names, verbs)] : []),
  ];
}

function named(
  apiGroup: string,
  resource: string,
  names: readonly string[],
  verbs: readonly string[],
): PolicyRule {
  return { apiGroups: [apiGroup], resources: [resource], resourceNames: [...names], verbs: [...verbs] };
}
