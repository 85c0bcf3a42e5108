import type { PolicyDocument } from "../../components/vault/policies.ts";
import { type ManagedPath, type ManagedSettings, managedInVault } from "../managed.ts";
import { type Grant, policyBlock, policyText } from "./document.ts";
import { operatorPolicyName } from "./names.ts";
import { askAboutSelf, session } from "./session.ts";

/** What an earlier declaration has left in Vault, by its path: the next update removes it. */
export type Leftovers = readonly string[];

/**
 * What `pulumi up` needs: to manage what the declaration names, each by its own path, and with requests that carry what
 * the program sends. No value can be read with it, no operator's policy changed, and no role bound to anything but the
 * declared service accounts, audience and policies. What a service's policy says cannot be pinned as well: each new path
 * of a secret would take a person with all rights. docs/bootstrap.md says what follows from that.
 * @param leftovers may be read and removed, and no more
 */
export function deployerPolicy(settings: ManagedSettings, leftovers: Leftovers = []): PolicyDocument {
  const { environment } = settings;
  return {
    name: operatorPolicyName(environment, "deployer"),
    document: policyText(`vault-management ${environment}: what an update needs`, [
      ...deployerGrants(settings),
      ...leftovers.map((path): Grant => ({ path, capabilities: leftoverCapabilities(path) })),
    ]),
  };
}

/** What of the declaration a deployer's policy, as Vault has it, does not cover. Blocks that it has besides do not matter. */
export function missingInDeployerPolicy(
  settings: ManagedSettings,
  document: string,
): readonly Pick<ManagedPath, "path" | "of">[] {
  return deployerGrants(settings).filter((grant) => !document.includes(policyBlock(grant)));
}

function deployerGrants(settings: ManagedSettings): readonly ManagedPath[] {
  const own = operatorPolicyName(settings.environment, "deployer");
  return [
    ...[...session, askAboutSelf].map((grant) => ({ ...grant, of: "every deployer" })),
    // So that preflight can tell that the declaration has outgrown it.
    { path: `sys/policies/acl/${own}`, capabilities: ["read"], of: "every deployer" },
    ...managedInVault(settings),
  ];
}

function leftoverCapabilities(path: string): Grant["capabilities"] {
  return /^sys\/(audit|auth)\//.test(path) ? ["delete", "sudo"] : ["read", "delete"];
}
