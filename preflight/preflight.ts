import { findToken } from "../clients/vault-token.ts";
import type { Settings } from "../config/schema.ts";
import { PreflightError } from "./error.ts";
import { kubernetesProblems } from "./kubernetes.ts";
import { type Purpose, vaultProblems } from "./vault.ts";

/**
 * Looks at both servers before anything is made, in preview as in up; changes nothing. A preview asks the Vault token
 * for rights to read alone.
 * @throws PreflightError with every problem of Vault and of Kubernetes
 */
export async function preflight(settings: Settings, purpose: Purpose): Promise<void> {
  const problems = await Promise.all([
    vaultProblems(settings, await findToken(), purpose),
    kubernetesProblems(settings),
  ]);
  if (problems.flat().length > 0) throw new PreflightError(settings.environment, problems.flat());
}
