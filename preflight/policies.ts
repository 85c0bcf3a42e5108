import { ownerOf } from "../components/vault/ownership.ts";
import { sessionPolicyName } from "../components/vault/policies.ts";
import { type Problem, show } from "../config/problems.ts";
import type { Settings } from "../config/schema.ts";

/**
 * A role prefix that another stack uses on this Vault: both would overwrite each other's policies without a word.
 * @param policy the text of the prefix's session policy as Vault has it; `undefined` when there is none
 */
export function rolePrefixProblems(
  { environment, vault }: Pick<Settings, "environment" | "vault">,
  policy: string | undefined,
): readonly Problem[] {
  if (policy === undefined) return [];
  const owner = ownerOf((policy.split("\n")[0] ?? "").replace(/^# /, ""));
  if (owner === environment) return [];
  const { rolePrefix } = vault.auth;
  const whose =
    owner === undefined ? "was not made by this program" : `belongs to the stack of environment ${owner}`;
  return [
    {
      path: "vault.auth.rolePrefix",
      found: `${show(rolePrefix)}, whose policy ${sessionPolicyName(rolePrefix)} ${whose}`,
      allowed: "a role prefix that nobody else uses on this Vault",
      fix: "choose another prefix here, or delete that policy if nothing uses it",
    },
  ];
}
