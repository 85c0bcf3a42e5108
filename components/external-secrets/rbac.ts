import type { Settings } from "../../config/schema.ts";

/** A rule as `rbac.authorization.k8s.io/v1` has it. */
export interface PolicyRule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly resourceNames?: string[];
  readonly verbs: string[];
}

/** The lease that replicas of the operator compete for; the name is compiled into ESO. */
const LEASE = "external-secrets-controller";

/** Names of the cluster-wide roles hold the environment, so that two stacks may share a cluster. */
export function operatorRoleName(environment: string): string {
  return `vault-management:${environment}:external-secrets`;
}

/** See {@link operatorRoleName}. */
export function tokenReviewRoleName(environment: string): string {
  return `vault-management:${environment}:token-review`;
}

/** See {@link operatorRoleName}. */
export function tokenReviewBindingName(environment: string, namespace: string): string {
  return `${tokenReviewRoleName(environment)}:${namespace}`;
}

/** ESO's service account, as the subject of a binding. */
export function operatorSubject({
  serviceAccount,
  namespace,
}: Pick<Settings["externalSecrets"], "serviceAccount" | "namespace">) {
  return { kind: "ServiceAccount", name: serviceAccount, namespace };
}

/**
 * What ESO may do in every namespace: read, and only what its informers need. It writes nowhere by these rules.
 *
 * What remains wide is `list` and `watch` on Secrets. ESO follows the metadata of all Secrets (one informer, which
 * ESO can narrow to a single namespace or to none), and RBAC knows no difference between metadata and
 * content: whoever can act as the operator can read every Secret of the cluster. Service accounts are listed only
 * because ESO, when a token is refused, looks for one of the kind that Kubernetes made before 1.24, and would wait for
 * ever for that informer; they hold nothing secret.
 */
export function operatorClusterRules(): PolicyRule[] {
  const read = ["get", "list", "watch"];
  return [
    { apiGroups: ["external-secrets.io"], resources: ["externalsecrets", "secretstores"], verbs: read },
    {
      apiGroups: ["generators.external-secrets.io"],
      resources: ["generatorstates", "vaultdynamicsecrets"],
      verbs: read,
    },
    { apiGroups: [""], resources: ["serviceaccounts"], verbs: read },
    { apiGroups: [""], resources: ["secrets"], verbs: ["list", "watch"] },
  ];
}

/** What ESO may do in its own namespace: hold the leader's lease and say so. */
export function operatorNamespaceRules(): PolicyRule[] {
  return [
    { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create"] },
    {
      apiGroups: ["coordination.k8s.io"],
      resources: ["leases"],
      resourceNames: [LEASE],
      verbs: ["get", "update", "patch"],
    },
    eventsRule(),
  ];
}

/**
 * What ESO may do in one declared namespace: ask for tokens of the stores' service accounts and of no other, write
 * the Secrets, and write back what became of them. Secrets are not limited by name: `create` cannot be, and a target
 * that was renamed or removed must still be deleted under its old name.
 */
export function workloadNamespaceRules(serviceAccounts: readonly string[]): PolicyRule[] {
  return [
    {
      apiGroups: [""],
      resources: ["serviceaccounts/token"],
      resourceNames: [...serviceAccounts],
      verbs: ["create"],
    },
    { apiGroups: [""], resources: ["secrets"], verbs: ["get", "create", "update", "patch", "delete"] },
    {
      apiGroups: ["external-secrets.io"],
      // finalizers: a Secret's owner reference blocks the owner's deletion, which OpenShift and others let only
      // those set who may finalize the owner.
      resources: [
        "externalsecrets",
        "externalsecrets/status",
        "externalsecrets/finalizers",
        "secretstores/status",
      ],
      verbs: ["update", "patch"],
    },
    eventsRule(),
  ];
}

/**
 * What a store's service account may do: have its own token reviewed. Vault holds no credential of the cluster and
 * sends the login's token as its own bearer; `system:auth-delegator` would add access reviews, which Vault never asks.
 */
export function tokenReviewRules(): PolicyRule[] {
  return [{ apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] }];
}

function eventsRule(): PolicyRule {
  return { apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] };
}
