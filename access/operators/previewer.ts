import type { PolicyDocument } from "../../components/vault/policies.ts";
import type { Settings } from "../../config/schema.ts";
import { type ManagedSettings, managedInVault, readingOf } from "../managed.ts";
import { type Grant, policyText } from "./document.ts";
import { OPERATOR_PREFIX, operatorPolicyName } from "./names.ts";
import { askAboutSelf, session } from "./session.ts";

type PreviewerSettings = ManagedSettings & Pick<Settings, "operators">;

/**
 * What a preview and the search for drift need: to read what the program manages. `sudo` only where Vault asks for it to
 * read. Policies by the stack's prefix, so that a preview can show a namespace that is not there yet, and every role of its
 * auth mount: under any name one may give the stack's policies. Of the places where the stack's own things stand also the
 * names, so that one which nobody has declared is found; and what bootstrap has set up, which no update touches.
 */
export function previewerPolicy(settings: PreviewerSettings): PolicyDocument {
  const { environment } = settings;
  return {
    name: operatorPolicyName(environment, "previewer"),
    document: policyText(`vault-management ${environment}: what a preview reads`, [
      ...session,
      askAboutSelf,
      ...readingOf(managedInVault(settings)).filter(({ path }) => !ofWorkloads(path, settings)),
      ...workloads(settings).map((prefix): Grant => ({ path: `${prefix}*`, capabilities: ["read"] })),
      ...placesOf(settings).map((path): Grant => ({ path, capabilities: ["list"] })),
      ...operatorsOf(settings),
    ]),
  };
}

function workloads({ vault: { auth } }: ManagedSettings): readonly string[] {
  return [`sys/policies/acl/${auth.rolePrefix}.`, `auth/${auth.mount}/role/`];
}

function ofWorkloads(path: string, settings: ManagedSettings): boolean {
  return workloads(settings).some((prefix) => path.startsWith(prefix));
}

/** Where names are listed, each once. */
function placesOf({ vault, pki, databases }: ManagedSettings): readonly string[] {
  const certificates = [pki?.root?.mount, pki?.intermediate.mount].filter((mount) => mount !== undefined);
  const mounts = [...new Set(databases.map(({ mount }) => mount))];
  return [
    "sys/policies/acl",
    `auth/${vault.auth.mount}/role`,
    ...certificates.map((mount) => `${mount}/roles`),
    ...mounts.flatMap((mount) => ["config", "roles", "static-roles"].map((kind) => `${mount}/${kind}`)),
    ...(vault.cluster === "managed" ? ["sys/quotas/rate-limit"] : []),
  ];
}

/** The operators' policies, groups and logins, where they are declared or would be by default. */
function operatorsOf({ environment, operators }: PreviewerSettings): readonly Grant[] {
  const mounts = new Set([operators?.ci?.mount ?? "jwt-ci", operators?.people?.mount ?? "oidc"]);
  return [
    { path: `sys/policies/acl/${OPERATOR_PREFIX}.${environment}.*`, capabilities: ["read"] },
    { path: `identity/group/name/${OPERATOR_PREFIX}-${environment}-*`, capabilities: ["read"] },
    ...[...mounts].flatMap((mount): readonly Grant[] => [
      { path: `auth/${mount}/config`, capabilities: ["read"] },
      { path: `auth/${mount}/role`, capabilities: ["list"] },
      { path: `auth/${mount}/role/${environment}-*`, capabilities: ["read"] },
    ]),
  ];
}
