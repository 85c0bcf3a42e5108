import {
  operatorClusterRules,
  operatorNamespaceRules,
  operatorRoleName,
  operatorSubject,
  type PolicyRule,
  tokenReviewBindingName,
  tokenReviewRoleName,
  tokenReviewRules,
  workloadNamespaceRules,
} from "../../components/external-secrets/rbac.ts";
import { releaseName } from "../../components/external-secrets/values.ts";
import { exporterSubject } from "../../components/monitoring/exporter/cluster-access.ts";
import { EXPORTER } from "../../components/monitoring/exporter/names.ts";
import type { Settings } from "../../config/schema.ts";
import { admissionPolicy } from "./admission.ts";
import { clusterRoleBindingNames, clusterRoleNames } from "./kubernetes-rules.ts";
import { type ClusterSubject, type Manifest, rbacSubject } from "./manifest.ts";
import { exporterNames, exporterRules, monitoringBound } from "./monitoring.ts";
import { OPERATOR_PREFIX, releaseRoleName } from "./names.ts";
import { rotationBound, rotatorNames, rotatorRules } from "./rotation.ts";

/**
 * What deployers may grant in the cluster: the roles that the program makes, each with its own rules, and each bound to
 * those whom the program binds it to, where it does: ESO's rights to ESO, a store's review to that store's account, Helm's
 * Secrets to operators in ESO's namespace. The previewer's dry runs are held to the same, so that a preview shows what an
 * update would be refused.
 */
export function rolesPolicy(settings: Settings, subjects: readonly ClusterSubject[]): readonly Manifest[] {
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
        "!has(object.aggregationRule)",
        either(unchanged("rules"), rulesOf("object.metadata.name", clusterRules(settings))),
      ),
      clusterrolebindings: either(unchanged("roleRef", "subjects"), boundAcrossCluster(settings)),
      roles: all(
        nameIn([releaseName, ...rotatorNames(settings), ...exporterNames(settings)]),
        either(
          unchanged("rules"),
          rulesOf('request.namespace + "/" + object.metadata.name', namespacedRules(settings)),
        ),
      ),
      rolebindings: either(
        unchanged("roleRef", "subjects"),
        roleBound("Role", releaseName, [operatorSubject(settings.externalSecrets)]),
        all(
          `request.namespace == ${cel(settings.externalSecrets.namespace)}`,
          roleBound("ClusterRole", releaseRoleName(environment), subjects.map(rbacSubject)),
        ),
        ...boundForRotation(settings),
        ...boundForMonitoring(settings),
      ),
    }),
    message: `operators of ${environment} grant the program's own roles to declared accounts alone; where the declaration or the program changed: npm run bootstrap -- apply`,
  });
}

/** ClusterRole -> its rules, of those that this stack makes. */
function clusterRules(settings: Settings): Readonly<Record<string, readonly PolicyRule[]>> {
  const made = clusterRoleNames(settings);
  const rules: readonly (readonly [string, readonly PolicyRule[]])[] = [
    [operatorRoleName(settings.environment), operatorClusterRules()],
    [tokenReviewRoleName(settings.environment), tokenReviewRules()],
  ];
  return Object.fromEntries(rules.filter(([name]) => made.includes(name)));
}

/** `<namespace>/<name>` -> rules, of ESO's Roles, the rotators' and the exporter's. */
function namespacedRules(settings: Settings): Readonly<Record<string, readonly PolicyRule[]>> {
  const { externalSecrets, namespaces } = settings;
  return {
    [`${externalSecrets.namespace}/${releaseName}`]: operatorNamespaceRules(),
    ...Object.fromEntries(
      namespaces.map(({ name, stores }) => [
        `${name}/${releaseName}`,
        workloadNamespaceRules(stores.map(({ serviceAccount }) => serviceAccount)),
      ]),
    ),
    ...rotatorRules(settings),
    ...exporterRules(settings),
  };
}

/** Each rotator's own Role to it, and what operators may do in the rotators' namespace to those whom it is for. */
function boundForRotation(settings: Settings): readonly string[] {
  const { rotation } = settings;
  if (rotation === undefined) return [];
  const { namespace } = rotation;
  const subjectsByRole = Object.fromEntries(
    rotatorNames(settings).map((name) => [name, [{ kind: "ServiceAccount", name, namespace }]]),
  );
  return [
    all(
      'object.roleRef.kind == "Role"',
      `object.roleRef.name in ${cel(rotatorNames(settings))}`,
      `object.subjects.all(subject, subject in ${cel(subjectsByRole)}[object.roleRef.name])`,
    ),
    ...rotationBound(settings).map(({ role, subjects }) =>
      all(
        `request.namespace == ${cel(namespace)}`,
        roleBound("ClusterRole", role, subjects.map(rbacSubject)),
      ),
    ),
  ];
}

/** As above, of the exporter and in its namespace. */
function boundForMonitoring(settings: Settings): readonly string[] {
  const { exporter } = settings.monitoring;
  if (exporter === undefined) return [];
  return [
    roleBound("Role", EXPORTER, [exporterSubject(exporter)]),
    ...monitoringBound(settings).map(({ role, subjects }) =>
      all(
        `request.namespace == ${cel(exporter.namespace)}`,
        roleBound("ClusterRole", role, subjects.map(rbacSubject)),
      ),
    ),
  ];
}

type Bound = readonly [binding: string, role: string, subjects: readonly object[]];

/** Each ClusterRoleBinding that this stack makes, with its role and subjects. */
function boundAcrossCluster(settings: Settings): string {
  const { environment, externalSecrets, namespaces, rotation, monitoring } = settings;
  const made = clusterRoleBindingNames(settings);
  const declared: readonly Bound[] = [
    [operatorRoleName(environment), operatorRoleName(environment), [operatorSubject(externalSecrets)]],
    ...namespaces.map(
      ({ name, stores }): Bound => [
        tokenReviewBindingName(environment, name),
        tokenReviewRoleName(environment),
        stores.map(({ serviceAccount }) => ({
          kind: "ServiceAccount",
          name: serviceAccount,
          namespace: name,
        })),
      ],
    ),
    ...(rotation === undefined
      ? []
      : [reviewed(environment, rotation.namespace, rotatorSubjects(settings, rotation.namespace))]),
    ...(monitoring.exporter === undefined
      ? []
      : [reviewed(environment, monitoring.exporter.namespace, [exporterSubject(monitoring.exporter)])]),
  ];
  const bindings = declared.filter(([name]) => made.includes(name));
  const roles = Object.fromEntries(bindings.map(([name, role]) => [name, role]));
  const subjects = Object.fromEntries(bindings.map(([name, , bound]) => [name, bound]));
  return all(
    nameIn(Object.keys(roles)),
    'object.roleRef.kind == "ClusterRole"',
    `object.roleRef.name == ${cel(roles)}[object.metadata.name]`,
    `object.subjects.all(subject, subject in ${cel(subjects)}[object.metadata.name])`,
  );
}

function reviewed(environment: string, namespace: string, subjects: readonly object[]): Bound {
  return [tokenReviewBindingName(environment, namespace), tokenReviewRoleName(environment), subjects];
}

function rotatorSubjects(settings: Settings, namespace: string): readonly object[] {
  return rotatorNames(settings).map((name) => ({ kind: "ServiceAccount", name, namespace }));
}

function perKind(conditions: Readonly<Record<string, string>>): string {
  return Object.entries(conditions)
    .map(([resource, condition]) => `(request.resource.resource == ${cel(resource)} && ${condition})`)
    .join(" || ");
}

function all(...conditions: readonly string[]): string {
  return conditions.join(" && ");
}

function either(...conditions: readonly string[]): string {
  return `(${conditions.map((one) => `(${one})`).join(" || ")})`;
}

/**
 * Who leaves a grant as it is grants nothing. Pulumi's provider writes an object's metadata before its rules or subjects,
 * when those are still an earlier declaration's.
 */
function unchanged(...names: readonly string[]): string {
  return all('request.operation == "UPDATE"', ...names.map((name) => `object.${name} == oldObject.${name}`));
}

function nameIn(names: readonly string[]): string {
  return `object.metadata.name in ${cel(names)}`;
}

/** @param key CEL, by which the rules are looked up */
function rulesOf(key: string, rules: Readonly<Record<string, readonly PolicyRule[]>>): string {
  return all(`${key} in ${cel(Object.keys(rules))}`, `object.rules.all(rule, rule in ${cel(rules)}[${key}])`);
}

function roleBound(kind: string, name: string, subjects: readonly object[]): string {
  return all(
    `object.roleRef.kind == ${cel(kind)}`,
    `object.roleRef.name == ${cel(name)}`,
    `object.subjects.all(subject, subject in ${cel(subjects)})`,
  );
}

/** JSON is CEL, as far as texts, lists and maps go. */
function cel(value: unknown): string {
  return JSON.stringify(value);
}
