import type { PolicyDocument } from "../../components/vault/policies.ts";
import type { Settings } from "../../config/schema.ts";
import { denials, identities, memory } from "./break-glass.ts";
import { type Grant, policyText } from "./document.ts";
import { operatorPolicyName } from "./names.ts";
import { askAboutSelf, session } from "./session.ts";

/**
 * What `npm run break-glass -- revoke --restore` needs, in another's hands than what it undoes: to lift denials, to let
 * frozen logins in again, and to see whether a new value is there. It ends no token, destroys nothing and reads no value.
 */
export function breakGlassRestorePolicy(settings: Pick<Settings, "environment" | "vault">): PolicyDocument {
  const { environment, vault } = settings;
  return {
    name: operatorPolicyName(environment, "break-glass-restore"),
    document: policyText(`vault-management ${environment}: to give access back after break-glass`, [
      ...session,
      askAboutSelf,
      ...identities({ disabled: false }),
      ...denials(environment),
      ...Object.keys(vault.mounts).map(
        (mount): Grant => ({ path: `${mount}/metadata/*`, capabilities: ["read"] }),
      ),
      ...memory(settings),
    ]),
  };
}
