import type { PolicyRule } from "../../components/external-secrets/rbac.ts";
import { rotationNames } from "../../components/rotation/names.ts";
import { rotatorSpec } from "../../components/rotation/rotator-spec.ts";
import type { Settings } from "../../config/schema.ts";
import { requiredRules } from "../../jobs/rotator/grants.ts";
import { type ClusterSubject, RBAC, rbacSubject } from "./manifest.ts";
import { rotationRoleName, rotationViewRoleName } from "./names.ts";

const look = ["get", "list", "watch"];
const all = [...look, "create", "update", "patch", "delete"];

/**
 * What an update needs in the rotators' namespace, and in no other: who may write a CronJob or its program there can act as
 * the rotators, which read and replace provider keys. Jobs beside CronJobs, so that one can be run at once.
 */
export function rotationRules(): PolicyRule[] {
  return [
    { apiGroups: ["batch"], resources: ["cronjobs", "jobs"], verbs: all },
    { apiGroups: [""], resources: ["configmaps"], verbs: all },
    { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: all },
    { apiGroups: ["monitoring.coreos.com"], resources: ["prometheusrules"], verbs: all },
    { apiGroups: [""], resources: ["pods"], verbs: look },
  ];
}

/** What an auditor looks at there: what runs when, as what, and how it ended. */
export function rotationViewRules(): PolicyRule[] {
  return [
    { apiGroups: ["batch"], resources: ["cronjobs", "jobs"], verbs: ["get", "list"] },
    { apiGroups: [""], resources: ["configmaps", "pods"], verbs: ["get", "list"] },
    { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: ["get", "list"] },
  ];
}

/** Whom the stack gives which of these two in the rotators' namespace: nobody where nothing rotates. */
export function rotationBound({
  environment,
  operators,
  rotation,
}: Pick<Settings, "environment" | "operators" | "rotation">): readonly {
  readonly role: string;
  readonly subjects: readonly ClusterSubject[];
}[] {
  if (rotation === undefined) return [];
  const { deployer, previewer, auditor } = operators?.kubernetes ?? {};
  const roles = [
    {
      role: rotationRoleName(environment),
      subjects: [deployer, previewer].filter((one) => one !== undefined),
    },
    {
      role: rotationViewRoleName(environment),
      subjects: [auditor].filter((one) => one !== undefined),
    },
  ];
  return roles.filter(({ subjects }) => subjects.length > 0);
}

/** What the stack itself makes for its operators in the rotators' namespace, which may exist only then. */
export function rotationBindings(settings: Pick<Settings, "environment" | "operators" | "rotation">) {
  return rotationBound(settings).map(({ role, subjects }) => ({
    metadata: { name: role, namespace: settings.rotation?.namespace ?? "" },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: role },
    subjects: subjects.map(rbacSubject),
  }));
}

/** Service accounts of the rotators, which are named like their Roles. */
export function rotatorNames(settings: Pick<Settings, "vault" | "rotation">): readonly string[] {
  const { rotation } = settings;
  if (rotation === undefined) return [];
  return rotation.keys.map((key) => rotationNames(settings, rotation, key).rotate);
}

/** `<namespace>/<name>` of each Role that the rotators are given -> its rules. */
export function rotatorRules(settings: Settings): Readonly<Record<string, readonly PolicyRule[]>> {
  const { rotation } = settings;
  if (rotation === undefined) return {};
  return Object.fromEntries(
    rotation.keys.flatMap((key) => {
      const spec = rotatorSpec(settings, rotation, key);
      return Object.entries(requiredRules(spec)).map(([namespace, rules]) => [
        `${namespace}/${spec.account.serviceAccount}`,
        rules,
      ]);
    }),
  );
}
