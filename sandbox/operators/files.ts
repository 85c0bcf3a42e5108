import { join } from "node:path";
import type { Operator } from "../../access/operators/names.ts";
import type { SandboxPaths } from "../state.ts";

/** Whose rights a token has: an operator's, or those of a person who puts secrets and looks at who may do what. */
export const tokenHolders = [
  "deployer",
  "previewer",
  "auditor",
  "secretAdmin",
  "breakGlass",
  "breakGlassRestore",
  "person",
] as const;
export type TokenHolder = (typeof tokenHolders)[number];

/** Those of the operators whom the API server knows. */
export const clusterOperators = [
  "deployer",
  "previewer",
  "auditor",
  "breakGlass",
  "breakGlassRestore",
] as const;
export type ClusterOperator = (typeof clusterOperators)[number];

/** As a declaration names it. */
export const declaredNames = {
  deployer: "deployer",
  previewer: "previewer",
  auditor: "auditor",
  breakGlass: "break-glass",
  breakGlassRestore: "break-glass-restore",
} as const satisfies Readonly<Record<ClusterOperator, Operator>>;

/** Files with a Vault token each, 0600; there once the operators were set up. */
export function tokenFiles({ operators }: SandboxPaths): Readonly<Record<TokenHolder, string>> {
  const at = (holder: TokenHolder) => join(operators, `${holder}.token`);
  return {
    deployer: at("deployer"),
    previewer: at("previewer"),
    auditor: at("auditor"),
    secretAdmin: at("secretAdmin"),
    breakGlass: at("breakGlass"),
    breakGlassRestore: at("breakGlassRestore"),
    person: at("person"),
  };
}

/** Kubeconfigs, 0600; the operators' are there once they were set up. */
export function kubeconfigFiles({
  kubeconfig,
  operators,
}: SandboxPaths): Readonly<Record<"admin" | ClusterOperator, string>> {
  const at = (operator: ClusterOperator) => join(operators, `${operator}.kubeconfig`);
  return {
    admin: kubeconfig,
    deployer: at("deployer"),
    previewer: at("previewer"),
    auditor: at("auditor"),
    breakGlass: at("breakGlass"),
    breakGlassRestore: at("breakGlassRestore"),
  };
}

/** The group that an operator's certificate names where the declaration has no subject for it. */
export function sandboxGroup(operator: ClusterOperator): string {
  return `sandbox:${declaredNames[operator]}`;
}
