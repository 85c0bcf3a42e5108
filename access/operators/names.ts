/** Those who work on the stack, each with rights of its own. */
export const operators = [
  "deployer",
  "previewer",
  "auditor",
  "secret-admin",
  "break-glass",
  "break-glass-restore",
] as const;

export type Operator = (typeof operators)[number];

/** Begins the names of what bootstrap makes; no stack's role prefix may be this. */
export const OPERATOR_PREFIX = "vault-management";

/** Those who act in an emergency: their tokens live for minutes, whatever the declaration says of others'. */
export const LONGEST_EMERGENCY_TOKEN = "15m";

/** Whether a token of the operator lives for at most {@link LONGEST_EMERGENCY_TOKEN}. */
export function actsInEmergency(operator: Operator): boolean {
  return operator === "break-glass" || operator === "break-glass-restore";
}

/** Policy in Vault; role prefixes have no dot, so no deployer may write it. */
export function operatorPolicyName(environment: string, operator: Operator): string {
  return `${OPERATOR_PREFIX}.${environment}.${operator}`;
}

/** Role on the JWT and OIDC mounts, which the stacks of one Vault may share. */
export function operatorRoleName(environment: string, operator: Operator): string {
  return `${environment}-${operator}`;
}

/** ClusterRole of an operator; its binding has the same name. */
export function operatorClusterRoleName(environment: string, operator: Operator): string {
  return `${OPERATOR_PREFIX}:${environment}:${operator}`;
}

/** ClusterRole of what a deployer may do in the rotators' namespace; bound there alone. */
export function rotationRoleName(environment: string): string {
  return `${OPERATOR_PREFIX}:${environment}:rotation`;
}

/** ClusterRole of what an auditor may look at in the rotators' namespace; bound there alone. */
export function rotationViewRoleName(environment: string): string {
  return `${OPERATOR_PREFIX}:${environment}:rotation-view`;
}

/** ClusterRole of what a deployer may do in the exporter's namespace; bound there alone. */
export function monitoringRoleName(environment: string): string {
  return `${OPERATOR_PREFIX}:${environment}:monitoring`;
}

/** ClusterRole of what an auditor may look at in the exporter's namespace; bound there alone. */
export function monitoringViewRoleName(environment: string): string {
  return `${OPERATOR_PREFIX}:${environment}:monitoring-view`;
}

/** ClusterRole of what a deployer may do in the namespace of ESO's release; bound there alone. */
export function releaseRoleName(environment: string): string {
  return `${OPERATOR_PREFIX}:${environment}:release`;
}
