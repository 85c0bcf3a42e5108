import type { Settings } from "../../config/schema.ts";
import type { ClusterSubject, Manifest } from "./manifest.ts";
import { OPERATOR_PREFIX } from "./names.ts";

/** Matches every request that writes. */
export const everyWrite = {
  apiGroups: ["*"],
  apiVersions: ["*"],
  operations: ["CREATE", "UPDATE", "DELETE", "CONNECT"],
  resources: ["*/*"],
};

/**
 * Lets the previewer's writing requests pass as dry runs alone. The API server asks no such policy about reviews of access
 * (which keep nothing) nor about admission policies themselves: of those the previewer has no right to write.
 */
export function dryRunPolicy(environment: string, previewer: ClusterSubject): readonly Manifest[] {
  return admissionPolicy(`${OPERATOR_PREFIX}-${environment}-previewer-dry-run`, {
    rule: { ...everyWrite, scope: "*" },
    subjects: [previewer],
    expression: "request.dryRun",
    message: "a previewer changes nothing: only dry runs (dryRun=All) are let through",
  });
}

/** Confines what operators write to the stack's namespaces, whatever their roles would allow elsewhere. */
export function namespacesPolicy(
  settings: Settings,
  subjects: readonly ClusterSubject[],
  leftovers: readonly string[],
): readonly Manifest[] {
  const { environment } = settings;
  const allowed = new Set([...declaredNamespaces(settings), ...leftovers]);
  return admissionPolicy(`${OPERATOR_PREFIX}-${environment}-operator-namespaces`, {
    rule: { ...everyWrite, scope: "Namespaced" },
    subjects,
    expression: `request.namespace in ${JSON.stringify([...allowed])}`,
    message: `operators of ${environment} write in its declared namespaces alone; a new one takes: npm run bootstrap -- apply`,
  });
}

/** Namespaces that the stack has objects in. */
export function declaredNamespaces({
  externalSecrets,
  namespaces,
  rotation,
  monitoring,
}: Settings): readonly string[] {
  return [
    externalSecrets.namespace,
    ...namespaces.map(({ name }) => name),
    ...(rotation === undefined ? [] : [rotation.namespace]),
    ...(monitoring.exporter === undefined ? [] : [monitoring.exporter.namespace]),
  ];
}

/** What a policy asks of whom. */
export interface AdmissionRule {
  readonly rule: Readonly<Record<string, unknown>>;
  readonly subjects: readonly ClusterSubject[];
  /** CEL; names in it are free of quotes and backslashes, see config/operators.ts. */
  readonly expression: string;
  readonly message: string;
}

/** A policy and the binding that enforces it, under one name. */
export function admissionPolicy(
  name: string,
  { rule, subjects, expression, message }: AdmissionRule,
): readonly Manifest[] {
  const apiVersion = "admissionregistration.k8s.io/v1";
  return [
    {
      apiVersion,
      kind: "ValidatingAdmissionPolicy",
      metadata: { name },
      spec: {
        failurePolicy: "Fail",
        matchConstraints: { resourceRules: [rule] },
        matchConditions: [{ name: "operator", expression: subjects.map(isSubject).join(" || ") }],
        validations: [{ expression, message, reason: "Forbidden" }],
      },
    },
    {
      apiVersion,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name },
      spec: { policyName: name, validationActions: ["Deny"] },
    },
  ];
}

/** CEL: whether the request is that subject's. */
export function isSubject(subject: ClusterSubject): string {
  return "group" in subject
    ? `${JSON.stringify(subject.group)} in request.userInfo.groups`
    : `request.userInfo.username == ${JSON.stringify(subject.user)}`;
}
