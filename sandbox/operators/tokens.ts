import { type Operator, operatorPolicyName } from "../../access/operators/names.ts";
import type { SandboxPaths } from "../state.ts";
import type { StoredToken } from "../vault/stored-token.ts";
import { type TokenHolder, tokenFiles, tokenHolders } from "./files.ts";

const policiesOf: Readonly<Record<TokenHolder, readonly Operator[]>> = {
  deployer: ["deployer"],
  previewer: ["previewer"],
  auditor: ["auditor"],
  secretAdmin: ["secret-admin"],
  breakGlass: ["break-glass"],
  breakGlassRestore: ["break-glass-restore"],
  person: ["secret-admin", "auditor"],
};

/** The operators' tokens of a stack, by whom they are for. */
export function operatorTokens(
  paths: SandboxPaths,
  environment: string,
): readonly (StoredToken & { readonly holder: TokenHolder })[] {
  const files = tokenFiles(paths);
  return tokenHolders.map((holder) => ({
    holder,
    file: files[holder],
    displayName: `sandbox-${holder}`,
    policies: policiesOf[holder].map((operator) => operatorPolicyName(environment, operator)),
  }));
}
