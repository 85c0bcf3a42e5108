import type { PolicyDocument } from "../../components/vault/policies.ts";
import { type ManagedSettings, managedInVault, readingOf } from "../managed.ts";
import { type Grant, policyText } from "./document.ts";
import { operatorPolicyName } from "./names.ts";
import { askAboutSelf, session } from "./session.ts";

/**
 * What a preview and the drift check need: to read what the program manages. `sudo` only where Vault asks for it to read.
 * Roles and policies by the stack's prefix, so that a preview can show a namespace that is not there yet.
 */
export function previewerPolicy(settings: ManagedSettings): PolicyDocument {
  const { environment } = settings;
  return {
    name: operatorPolicyName(environment, "previewer"),
    document: policyText(`vault-management ${environment}: what a preview reads`, [
      ...session,
      askAboutSelf,
      ...readingOf(managedInVault(settings)).filter(({ path }) => !ofWorkloads(path, settings)),
      ...workloads(settings).map((prefix): Grant => ({ path: `${prefix}*`, capabilities: ["read"] })),
    ]),
  };
}

function workloads({ vault: { auth } }: ManagedSettings): readonly string[] {
  return [`sys/policies/acl/${auth.rolePrefix}.`, `auth/${auth.mount}/role/${auth.rolePrefix}-`];
}

function ofWorkloads(path: string, settings: ManagedSettings): boolean {
  return workloads(settings).some((prefix) => path.startsWith(prefix));
}
