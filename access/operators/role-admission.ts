import {
  operatorClusterRules,
  operatorNamespaceRules,
  operatorSubject,
  type PolicyRule,
  tokenReviewRules,
  workloadNamespaceRules,
} from "../../components/external-secrets/rbac.ts";
import { releaseName } from "../../components/external-secrets/values.ts";
import type { Settings } from "../../config/schema.ts";
import { admissionPolicy } from "./admission.ts";
import { clusterRoleBindingNames, clusterRoleNames } from "./kubernetes-rules.ts";
import { type ClusterSubject, type Manifest, rbacSubject } from "./manifest.ts";
import { OPERATOR_PREFIX, releaseRoleName } from "./names.ts";

/**
 * What deployers may grant in the cluster: the roles that the program makes, with its rules, bound to the accounts that are
 * declared. The previewer's dry runs are held to the same, so that a preview shows what an update would be refused.
 */
export function rolesPolicy(
  settings: Settings,
  subjects: readonly ClusterSubject[],
  leftoverBindings: readonly string[],
): readonly Manifest[] {
  const { environment } = settings;
  return admissionPolicy(`${OPERATOR_PREFIX}-${environment}-operator-roles`, {
    rule: {
      apiGroups: ["rbac.authorization.k8s.io"],
      apiVersions: ["*"],
      operations: ["CREATE", "UPDATE"],
      resources: ["clusterroles", "clusterrolebindings", "roles", "rolebindings"],
      scope: "*",
    },
    subjects,
    expression: perKind({
      // The controller fills the rules of an aggregated role from other roles, and asks nobody.
      clusterroles: all(
        nameIn(clusterRoleNames(settings)),
        "!has(object.aggregationRule)",
        either(unchanged("rules"), rulesIn([...operatorClusterRules(), ...tokenReviewRules()])),
      ),
      clusterrolebindings: all(
        nameIn([...clusterRoleBindingNames(settings), ...leftoverBindings]),
        binds(
          clusterRoleNames(settings).map((name) => ["ClusterRole", name]),
          [operatorSubject(settings.externalSecrets), ...accounts(settings)],
        ),
      ),
      roles: all(nameIn([releaseName]), either(unchanged("rules"), rulesIn(namespacedRules(settings)))),
      rolebindings: binds(
        [
          ["Role", releaseName],
          ["ClusterRole", releaseRoleName(environment)],
        ],
        [operatorSubject(settings.externalSecrets), ...subjects.map(rbacSubject)],
      ),
    }),
    message: `operators of ${environment} grant the program's own roles to declared accounts alone; where the declaration or the program changed: npm run bootstrap -- apply`,
  });
}

function accounts({ namespaces }: Settings): readonly object[] {
  return namespaces.flatMap(({ name, stores }) =>
    stores.map(({ serviceAccount }) => ({ kind: "ServiceAccount", name: serviceAccount, namespace: name })),
  );
}

function namespacedRules({ namespaces }: Settings): readonly PolicyRule[] {
  const ofWorkloads = namespaces.flatMap(({ stores }) =>
    workloadNamespaceRules(stores.map(({ serviceAccount }) => serviceAccount)),
  );
  const distinct = new Set([...operatorNamespaceRules(), ...ofWorkloads].map((rule) => JSON.stringify(rule)));
  return [...distinct].map((rule) => JSON.parse(rule) as PolicyRule);
}

function perKind(conditions: Readonly<Record<string, string>>): string {
  return Object.entries(conditions)
    .map(([resource, condition]) => `(request.resource.resource == ${cel(resource)} && ${condition})`)
    .join(" || ");
}

function all(...conditions: readonly string[]): string {
  return conditions.join(" && ");
}

function either(one: string, other: string): string {
  return `(${one} || ${other})`;
}

/**
 * Who leaves a grant as it is grants nothing. Pulumi's provider writes an object's metadata before its rules or subjects,
 * when those are still an earlier declaration's.
 */
function unchanged(...names: readonly string[]): string {
  return [
    'request.operation == "UPDATE"',
    ...names.map((name) => `object.${name} == oldObject.${name}`),
  ].join(" && ");
}

function nameIn(names: readonly string[]): string {
  return `object.metadata.name in ${cel(names)}`;
}

function rulesIn(rules: readonly PolicyRule[]): string {
  return `object.rules.all(rule, rule in ${cel(rules)})`;
}

/** @param roles kind and name of each */
function binds(roles: readonly (readonly string[])[], subjects: readonly object[]): string {
  return either(
    unchanged("roleRef", "subjects"),
    `[object.roleRef.kind, object.roleRef.name] in ${cel(roles)} && object.subjects.all(subject, subject in ${cel(subjects)})`,
  );
}

/** JSON is CEL, as far as texts, lists and maps go. */
function cel(value: unknown): string {
  return JSON.stringify(value);
}
