import type { PolicyDocument } from "../../components/vault/policies.ts";
import type { Settings } from "../../config/schema.ts";
import { deniedGroups, drillPlace, memoryPlace } from "./denial.ts";
import { type Grant, policyText } from "./document.ts";
import { operatorPolicyName } from "./names.ts";
import { askAboutSelf, session } from "./session.ts";

type BreakGlassSettings = Pick<Settings, "environment" | "vault" | "rotation">;

/**
 * What `npm run break-glass` needs to take access away: to deny readers a path, to end their tokens, to destroy versions.
 * It reads no value but the admin credentials with which keys are revoked at their provider, writes no policy, role, login
 * or group membership but that of the denied groups, and can let nobody back in whom it froze. Destroying is granted for
 * whole mounts, so that a secret that was declared this morning needs no bootstrap tonight.
 */
export function breakGlassPolicy(settings: BreakGlassSettings): PolicyDocument {
  const { environment, vault } = settings;
  return {
    name: operatorPolicyName(environment, "break-glass"),
    document: policyText(`vault-management ${environment}: to take access away`, [
      ...session,
      askAboutSelf,
      ...identities({ disabled: true }),
      // Without a canonical_id, Vault makes an entity without any policy: for a reader that never logged in.
      {
        path: "identity/entity-alias",
        capabilities: ["update"],
        allowed: { name: [], mount_accessor: [] },
      },
      ...denials(environment),
      ...tokens,
      ...Object.keys(vault.mounts).flatMap((mount): readonly Grant[] => [
        { path: `${mount}/metadata/*`, capabilities: ["read"] },
        { path: `${mount}/destroy/*`, capabilities: ["update"] },
      ]),
      ...adminCredentials(settings),
      ...memory(settings),
      drill(settings),
    ]),
  };
}

/** To find readers by their logins, and to set whether Vault lets an entity in; nothing else of it. */
export function identities({ disabled }: { readonly disabled: boolean }): readonly Grant[] {
  return [
    { path: "sys/auth", capabilities: ["read"] },
    { path: "identity/entity/id", capabilities: ["list"] },
    { path: "identity/entity/id/*", capabilities: ["read", "update"], allowed: { disabled: [disabled] } },
    { path: "identity/entity-alias/id", capabilities: ["list"] },
    { path: "identity/entity-alias/id/*", capabilities: ["read"] },
  ];
}

/**
 * A policy compares what is sent with lists of values, not with what is there: it cannot tell adding a denial from lifting
 * one. So whoever may do the one may do the other, and what lifts a denial by hand shows in the audit log alone.
 */
export function denials(environment: string): readonly Grant[] {
  return deniedGroups(environment).map(({ path }) => ({
    path,
    capabilities: ["read", "update"],
    allowed: { member_entity_ids: [], metadata: [] },
  }));
}

const tokens: readonly Grant[] = [
  { path: "auth/token/accessors", capabilities: ["list", "sudo"] },
  { path: "auth/token/lookup-accessor", capabilities: ["update"] },
  { path: "auth/token/revoke-accessor", capabilities: ["update"] },
  // Whether a reader's token is denied the path, in Vault's own words.
  { path: "sys/capabilities-accessor", capabilities: ["update"] },
];

function adminCredentials({ rotation }: BreakGlassSettings): readonly Grant[] {
  const places = (rotation?.keys ?? []).flatMap(({ admin }) =>
    admin === undefined ? [] : [`${admin.mount}/data/${admin.path}`],
  );
  return [...new Set(places)].toSorted().map((path) => ({ path, capabilities: ["read"] }));
}

/** A throwaway value, written and never read, for the rehearsal. */
function drill(settings: Pick<Settings, "environment" | "vault">): Grant {
  const { mount, path } = drillPlace(settings);
  return { path: `${mount}/data/${path}`, capabilities: ["create", "update"] };
}

/** One document and, for the exporter, how many incidents in it are open. Its versions are nobody's to destroy. */
export function memory(settings: Pick<Settings, "environment" | "vault">): readonly Grant[] {
  const { mount, path } = memoryPlace(settings);
  return [
    { path: `${mount}/data/${path}`, capabilities: ["create", "read", "update"] },
    {
      path: `${mount}/metadata/${path}`,
      capabilities: ["read", "patch"],
      allowed: { custom_metadata: [] },
    },
    { path: `${mount}/destroy/${path}`, capabilities: ["deny"] },
  ];
}
