import { KubeConfig } from "@kubernetes/client-node";
import { applyVault } from "../../cli/bootstrap/apply.ts";
import { applyKubernetes } from "../../cli/bootstrap/cluster.ts";
import { type BootstrapChange, planVault } from "../../cli/bootstrap/plan.ts";
import { VaultError, withVault } from "../../clients/vault.ts";
import type { Settings } from "../../config/schema.ts";
import { withLockInTurn } from "../processes/lock.ts";
import type { SandboxAccess } from "../sandbox.ts";
import { withRoot } from "../vault/root.ts";
import { makeToken, storedToken } from "../vault/stored-token.ts";
import { ensureOperatorKubeconfigs } from "./kubeconfigs.ts";
import { operatorTokens } from "./tokens.ts";

const deadlineMs = 60_000;

/**
 * What `npm run bootstrap` is to a real cluster: sets up the operators of a declaration in Vault and Kubernetes, and their
 * credentials in the sandbox's state. To be done before each deployment, since an operator's rights are those that the
 * declaration needs. Becomes root in Vault only where something there differs.
 * @returns what was changed; nothing when all of it is as declared
 */
export async function bootstrapOperators(
  sandbox: SandboxAccess,
  settings: Settings,
): Promise<readonly BootstrapChange[]> {
  const { paths, kubernetes } = sandbox;
  return withLockInTurn(paths.operatorsLock, deadlineMs, async () => {
    await ensureOperatorKubeconfigs(paths, kubernetes.address, settings);
    const admin = new KubeConfig();
    admin.loadFromFile(kubernetes.kubeconfigs.admin);
    const inVault = await vaultChanges(sandbox, settings);
    const inKubernetes = await applyKubernetes(admin, settings);
    return [...inVault, ...inKubernetes].filter(({ action }) => action !== "keep");
  });
}

async function vaultChanges(sandbox: SandboxAccess, settings: Settings): Promise<readonly BootstrapChange[]> {
  const tokens = operatorTokens(sandbox.paths, settings.environment);
  const held = await Promise.all(
    tokens.map(async (wanted) => ({ wanted, token: await storedToken(sandbox.vault, wanted) })),
  );
  const missing = held.filter(({ token }) => token === undefined).map(({ wanted }) => wanted);
  const auditor = held.find(({ wanted }) => wanted.holder === "auditor")?.token;
  if (missing.length === 0 && (await asDeclared(sandbox, settings, auditor))) return [];
  return withRoot(sandbox, async (root) => {
    const changes = await applyVault(root, settings);
    for (const wanted of missing) await makeToken(root, wanted);
    return changes;
  });
}

/** Whether the auditor sees nothing that bootstrap would change; what it may not see, an earlier declaration did not have. */
async function asDeclared(
  { vault }: SandboxAccess,
  settings: Settings,
  token: string | undefined,
): Promise<boolean> {
  if (token === undefined) return false;
  const { address, caPem } = vault;
  try {
    const steps = await withVault({ address, caPem, token }, (client) => planVault(client, settings));
    return steps.every(({ action }) => action === "keep");
  } catch (error) {
    if (error instanceof VaultError && error.status === 403) return false;
    throw error;
  }
}
