import type { PolicyDocument } from "../../components/vault/policies.ts";
import type { Settings } from "../../config/schema.ts";
import { databaseAudit } from "../databases.ts";
import { deniedGroups } from "./denial.ts";
import { type Grant, policyText } from "./document.ts";
import { operatorPolicyName } from "./names.ts";
import { askAboutSelf, session } from "./session.ts";

type AuditorSettings = Pick<Settings, "environment" | "vault" | "operators" | "pki" | "databases">;

/**
 * Who may do what, and what is recorded about it: policies, roles, identities, mounts and audit devices, other stacks' and
 * people's among them, since "nobody else can" is about everybody. Of the stack's secrets the versions and dates; no value.
 */
export function auditorPolicy(settings: AuditorSettings): PolicyDocument {
  const { environment } = settings;
  return {
    name: operatorPolicyName(environment, "auditor"),
    document: policyText(`vault-management ${environment}: who may do what, and what is recorded`, [
      ...session,
      askAboutSelf,
      ...access,
      ...identities,
      ...deniedGroups(environment).map(({ path }): Grant => ({ path, capabilities: ["read"] })),
      ...health,
      ...auditing(settings),
      ...logins(settings),
      ...Object.keys(settings.vault.mounts).flatMap(secretMetadata),
      ...certificateAuthority(settings),
      ...databaseAudit(settings),
    ]),
  };
}

const access: readonly Grant[] = [
  { path: "sys/policies/acl", capabilities: ["list"] },
  { path: "sys/policies/acl/*", capabilities: ["read"] },
  { path: "sys/mounts", capabilities: ["read"] },
  { path: "sys/auth", capabilities: ["read"] },
  // What another's token may do, by its accessor; by the token itself where it has none (batch tokens).
  { path: "sys/capabilities-accessor", capabilities: ["update"] },
  { path: "sys/capabilities", capabilities: ["update"] },
  { path: "auth/token/accessors", capabilities: ["list", "sudo"] },
  { path: "auth/token/lookup-accessor", capabilities: ["update"] },
];

const identities: readonly Grant[] = ["entity", "entity-alias", "group", "group-alias"].flatMap((kind) => [
  { path: `identity/${kind}/id`, capabilities: ["list"] },
  { path: `identity/${kind}/id/*`, capabilities: ["read"] },
]);

/** How the nodes stand to each other: which leads, how many may be lost, who lags. */
const health: readonly Grant[] = [{ path: "sys/storage/raft/autopilot/state", capabilities: ["read"] }];

/** With `sys/audit-hash` a value is looked for in a log of hashes: who has a value can find it, who has a hash cannot reverse it. */
function auditing({ vault: { auditDevices } }: AuditorSettings): readonly Grant[] {
  return [
    { path: "sys/audit", capabilities: ["read", "sudo"] },
    { path: "sys/config/auditing/request-headers", capabilities: ["read", "sudo"] },
    ...Object.keys(auditDevices).map(
      (device): Grant => ({ path: `sys/audit-hash/${device}`, capabilities: ["update"] }),
    ),
  ];
}

/** How workloads log in, and operators where that is declared. Vault shows no client secret and no key of a login's configuration. */
function logins({ vault, operators }: AuditorSettings): readonly Grant[] {
  const mounts = new Set([vault.auth.mount, operators?.ci?.mount, operators?.people?.mount]);
  return [...mounts]
    .filter((mount) => mount !== undefined)
    .flatMap((mount): readonly Grant[] => [
      { path: `auth/${mount}/config`, capabilities: ["read"] },
      { path: `auth/${mount}/role`, capabilities: ["list"] },
      { path: `auth/${mount}/role/*`, capabilities: ["read"] },
      { path: `sys/mounts/auth/${mount}/tune`, capabilities: ["read"] },
    ]);
}

function secretMetadata(mount: string): readonly Grant[] {
  return [
    { path: `${mount}/config`, capabilities: ["read"] },
    { path: `${mount}/metadata/*`, capabilities: ["read", "list"] },
    { path: `sys/mounts/${mount}/tune`, capabilities: ["read"] },
  ];
}

/** Who may issue what, and what was issued and revoked; Vault shows certificates and CRLs to anybody, and no key to anyone. */
function certificateAuthority({ pki }: AuditorSettings): readonly Grant[] {
  const mounts = [pki?.root?.mount, pki?.intermediate.mount].filter((mount) => mount !== undefined);
  return mounts.flatMap((mount): readonly Grant[] => [
    { path: `${mount}/roles`, capabilities: ["list"] },
    { path: `${mount}/roles/*`, capabilities: ["read"] },
    { path: `${mount}/issuer/+`, capabilities: ["read"] },
    { path: `${mount}/keys`, capabilities: ["list"] },
    { path: `${mount}/certs`, capabilities: ["list"] },
    { path: `${mount}/certs/revoked`, capabilities: ["list"] },
    { path: `${mount}/config/*`, capabilities: ["read"] },
    { path: `sys/mounts/${mount}/tune`, capabilities: ["read"] },
  ]);
}
