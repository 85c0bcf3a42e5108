import { isSubject } from "../../../access/operators/admission.ts";
import type { Settings } from "../../../config/schema.ts";
import { OWNER_LABEL, ownLabels } from "../metadata.ts";
import { type Cel, type Rule, text, type Variable, validation } from "./cel.ts";

const API_VERSION = "admissionregistration.k8s.io/v1" as const;

/** What the policies are about; each is one policy and its binding. */
export const policySubjects = [
  "stores",
  "external-secrets",
  "dynamic-secrets",
  "namespaced-kinds",
  "cluster-kinds",
  "rotators",
] as const;

type PolicySubject = (typeof policySubjects)[number];

/** Name of a policy and of its binding; holds the environment, so that two stacks may share a cluster. */
export function policyName(environment: string, subject: PolicySubject): string {
  return `vault-management-${environment}-${subject}`;
}

/** Every name that a stack's policies may have. */
export function policyNames(environment: string): readonly string[] {
  return policySubjects.map((subject) => policyName(environment, subject));
}

export interface ResourceRule {
  readonly apiGroups: string[];
  readonly apiVersions: string[];
  readonly resources: string[];
}

interface PolicyParts {
  readonly subject: PolicySubject;
  readonly resources: readonly ResourceRule[];
  /** Only these namespaces; without them what has no namespace. */
  readonly namespaces?: readonly string[];
  /** CEL: the requests that are judged, named for error messages. @default creations, and changes of a spec */
  readonly judged?: Variable;
  readonly variables: readonly Variable[];
  /** What holds for everybody. */
  readonly structure: readonly Rule[];
  /** What follows from declared values, which the stack itself may be about to change. */
  readonly declared: readonly Rule[];
}

/**
 * A policy with its rules in order of importance (the API server reports the first that fails), asked at creation and
 * when a spec changes: ESO's finalizers, annotations, status and any deletion pass.
 *
 * `declared` rules do not bind the stack's own objects while its deployer writes them: policy and store change in one
 * update, and API servers follow a policy only about a second later.
 */
export function policyManifest(settings: Settings, parts: PolicyParts) {
  const { environment } = settings;
  return {
    apiVersion: API_VERSION,
    kind: "ValidatingAdmissionPolicy" as const,
    metadata: { name: policyName(environment, parts.subject), labels: ownLabels(environment) },
    spec: {
      failurePolicy: "Fail",
      matchConstraints: {
        // A request in an older served version is judged as the version that the rule names.
        matchPolicy: "Equivalent",
        ...(parts.namespaces === undefined ? {} : { namespaceSelector: byName(parts.namespaces) }),
        resourceRules: parts.resources.map((rule) => ({
          ...rule,
          operations: ["CREATE", "UPDATE"],
          scope: parts.namespaces === undefined ? "Cluster" : "Namespaced",
        })),
      },
      matchConditions: [{ ...(parts.judged ?? newSpec) }],
      variables: [
        { name: "own", expression: ownObject(settings, parts.subject) },
        ...parts.variables.map(({ name, expression }) => ({ name, expression })),
      ],
      validations: [
        ...parts.structure,
        ...parts.declared.map((rule) => ({ ...rule, holds: `variables.own || (${rule.holds})` })),
      ].map(validation),
    },
  };
}

/** Refuses what the policy of that name does not let pass, and notes it in the audit log. */
export function bindingManifest({ metadata }: ReturnType<typeof policyManifest>) {
  return {
    apiVersion: API_VERSION,
    kind: "ValidatingAdmissionPolicyBinding" as const,
    metadata,
    spec: { policyName: metadata.name, validationActions: ["Deny", "Audit"] },
  };
}

/** `dyn`: fields differ between ESO's releases, and a missing one is a question here and no error. */
const newSpec: Variable = {
  name: "new-spec",
  expression:
    'request.operation == "CREATE" || dyn(object).?spec.orValue({}) != dyn(oldObject).?spec.orValue({})',
};

/** The label that every namespace has of the API server's making, so that one which the stack refers to is met as well. */
function byName(namespaces: readonly string[]) {
  return {
    matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: [...namespaces] }],
  };
}

/** The declared deployer; where none is declared, whoever may change the policy itself. */
function ownObject({ environment, operators }: Settings, subject: PolicySubject): Cel {
  const deployer = operators?.kubernetes?.deployer;
  const mayChangePolicy =
    'authorizer.group("admissionregistration.k8s.io").resource("validatingadmissionpolicies")' +
    `.name(${text(policyName(environment, subject))}).check("update").allowed()`;
  const label = `dyn(object).metadata.?labels[?${text(OWNER_LABEL)}].orValue("") == ${text(environment)}`;
  return `${label} && ${deployer === undefined ? mayChangePolicy : isSubject(deployer)}`;
}
