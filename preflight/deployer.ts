import { missingInDeployerPolicy } from "../access/operators/deployer.ts";
import { operatorPolicyName } from "../access/operators/names.ts";
import type { VaultClient } from "../clients/vault.ts";
import type { Problem } from "../config/problems.ts";
import type { Settings } from "../config/schema.ts";
import { readIfAllowed } from "./read-if-allowed.ts";

/**
 * What the declaration needs and a deployer's policy, made for an earlier one, does not grant. A token of other rights is
 * judged by its capabilities alone; those of a deployer look the same whatever its requests may carry.
 */
export async function deployerProblems(client: VaultClient, settings: Settings): Promise<readonly Problem[]> {
  const policy = operatorPolicyName(settings.environment, "deployer");
  const self = await readIfAllowed(client, "auth/token/lookup-self");
  if (!policiesOf(self).includes(policy)) return [];
  const path = `sys/policies/acl/${policy}`;
  const { policy: document } = await readIfAllowed(client, path);
  const missing = missingInDeployerPolicy(settings, typeof document === "string" ? document : "");
  if (missing.length === 0) return [];
  const things = [...new Set(missing.map(({ of }) => of))];
  return [
    {
      path: `Vault ${path}`,
      found: `a policy made for another declaration: without ${things.join(", ")} as declared (${missing.map((one) => one.path).join(", ")})`,
      allowed: "a policy that covers the whole declaration",
      fix: `let somebody with the rights run: npm run bootstrap -- apply -s ${settings.environment}`,
    },
  ];
}

function policiesOf(self: Readonly<Record<string, unknown>>): readonly unknown[] {
  return [self.policies, self.identity_policies].flatMap((list) => (Array.isArray(list) ? list : []));
}
