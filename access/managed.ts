import { policyNames, sessionPolicyName } from "../components/vault/policies.ts";
import { roleName, storeAccount } from "../components/vault/roles.ts";
import { generatedSecrets } from "../config/generated-secrets.ts";
import type { Settings } from "../config/schema.ts";
import { databasesInVault } from "./databases.ts";
import { exporterInVault } from "./exporter.ts";
import type { Capability, Grant } from "./operators/document.ts";
import {
  auditParameters,
  authConfigParameters,
  generatedParameters,
  mountParameters,
  roleDenials,
  roleParameters,
  tuneParameters,
} from "./parameters.ts";
import { pkiInVault } from "./pki.ts";
import { rotationInVault } from "./rotation.ts";

export type ManagedSettings = Pick<
  Settings,
  | "environment"
  | "tier"
  | "vault"
  | "kubernetes"
  | "namespaces"
  | "pki"
  | "rotation"
  | "databases"
  | "monitoring"
>;

/** Something that the program manages in Vault, and what it needs there. */
export interface ManagedPath extends Grant {
  /** What of the declaration it belongs to, as a person calls it. */
  readonly of: string;
}

/**
 * Everything that the program manages in Vault, with what it takes to make it, to read it back on refresh and to change
 * it; and to delete what a later declaration may drop, except what production retains. `sudo` as in Vault's list of
 * root-protected endpoints. What a preflight asks of a token, and what a deployer's policy grants.
 */
export function managedInVault(settings: ManagedSettings): readonly ManagedPath[] {
  return [
    ...mounts(settings),
    ...authMount(settings),
    ...roles(settings),
    ...policies(settings),
    ...generatedValues(settings),
    ...rotationInVault(settings),
    ...exporterInVault(settings),
    ...pkiInVault(settings),
    ...databasesInVault(settings),
    ...(settings.vault.cluster === "managed" ? clusterSettings(settings) : []),
  ];
}

/**
 * What is left of them for a preview: to read what is there. A preview writes nothing, and whoever may only look at a
 * stack (CI, on a pull request) must not be asked for more. `sudo` stays where Vault asks for it to read.
 */
export function readingOf(managed: readonly ManagedPath[]): readonly ManagedPath[] {
  return managed
    .filter(({ capabilities }) => capabilities.includes("read"))
    .map(({ path, capabilities, of }) => ({
      path,
      capabilities: capabilities.filter((one) => one === "read" || one === "sudo"),
      of,
    }));
}

function mounts({ environment, tier, vault }: ManagedSettings): readonly ManagedPath[] {
  return [
    { path: "sys/mounts", capabilities: ["read"], of: "every stack" },
    ...Object.keys(vault.mounts).flatMap((mount): readonly ManagedPath[] => {
      const of = `KV mount ${mount}`;
      return [
        {
          path: `sys/mounts/${mount}`,
          capabilities: ["read", "update", ...unlessRetained(tier)],
          allowed: mountParameters("kv", environment),
          of,
        },
        {
          path: `sys/mounts/${mount}/tune`,
          capabilities: ["update"],
          allowed: tuneParameters(environment),
          of,
        },
        { path: `${mount}/config`, capabilities: ["read", "update"], of },
      ];
    }),
  ];
}

/** Read and tuned through `sys/mounts/auth/`, as Vault's Go client does it. */
function authMount(settings: ManagedSettings): readonly ManagedPath[] {
  const { environment, tier, vault } = settings;
  const { method, mount } = vault.auth;
  const of = `auth mount ${mount}`;
  return [
    { path: "sys/auth", capabilities: ["read"], of: "every stack" },
    {
      path: `sys/auth/${mount}`,
      capabilities: ["update", ...unlessRetained(tier), "sudo"],
      allowed: mountParameters(method, environment),
      of,
    },
    { path: `sys/mounts/auth/${mount}`, capabilities: ["read"], of },
    {
      path: `sys/mounts/auth/${mount}/tune`,
      capabilities: ["read", "update"],
      allowed: tuneParameters(environment),
      of,
    },
    {
      path: `auth/${mount}/config`,
      capabilities: ["read", "update"],
      allowed: authConfigParameters(settings),
      of,
    },
  ];
}

function roles(settings: ManagedSettings): readonly ManagedPath[] {
  const { auth } = settings.vault;
  return settings.namespaces.flatMap((namespace) =>
    namespace.stores.map((store) => ({
      path: `auth/${auth.mount}/role/${roleName(auth.rolePrefix, namespace, store)}`,
      capabilities: ["create", "read", "update", "delete"] as const,
      allowed: roleParameters(settings, storeAccount(settings, namespace, store)),
      denied: roleDenials(settings),
      of: `namespace ${namespace.name}`,
    })),
  );
}

function policies({ vault: { auth }, namespaces }: ManagedSettings): readonly ManagedPath[] {
  const owners = new Map([
    // Made with the auth mount, also where no namespace is declared yet.
    [sessionPolicyName(auth.rolePrefix), "every login"],
    ...namespaces.flatMap((namespace) =>
      namespace.stores.flatMap((store) =>
        policyNames(auth.rolePrefix, namespace, store).map(
          (name) => [name, `namespace ${namespace.name}`] as const,
        ),
      ),
    ),
  ]);
  return [...owners].map(([name, of]) => ({
    path: `sys/policies/acl/${name}`,
    capabilities: ["read", "update", "delete"],
    of,
  }));
}

/** Written and never read: what is there is told from its version and the names of its properties. */
function generatedValues(settings: ManagedSettings): readonly ManagedPath[] {
  return generatedSecrets(settings).flatMap(({ mount, path }): readonly ManagedPath[] => {
    const of = `generated values of ${mount}/${path}`;
    return [
      { path: `${mount}/data/${path}`, capabilities: ["create", "update"], allowed: generatedParameters, of },
      { path: `${mount}/metadata/${path}`, capabilities: ["read"], of },
      { path: `${mount}/subkeys/${path}`, capabilities: ["read"], of },
    ];
  });
}

function clusterSettings({ environment, tier, vault }: ManagedSettings): readonly ManagedPath[] {
  const devices = Object.entries(vault.auditDevices);
  return [
    ...(devices.length > 0
      ? [{ path: "sys/audit", capabilities: ["read", "sudo"], of: "audit devices" } as const]
      : []),
    ...devices.map(([name, device]) => ({
      path: `sys/audit/${name}`,
      capabilities: ["update", ...unlessRetained(tier), "sudo"] as const,
      allowed: auditParameters(device, environment),
      of: `audit device ${name}`,
    })),
    ...(vault.autopilot
      ? [
          {
            path: "sys/storage/raft/autopilot/configuration",
            capabilities: ["read", "update"],
            of: "autopilot",
          } as const,
        ]
      : []),
    ...Object.keys(vault.quotas).map((name) => ({
      path: `sys/quotas/rate-limit/${name}`,
      capabilities: ["read", "update", "delete"] as const,
      of: `quota ${name}`,
    })),
  ];
}

function unlessRetained(tier: Settings["tier"]): readonly Capability[] {
  return tier === "production" ? [] : ["delete"];
}
