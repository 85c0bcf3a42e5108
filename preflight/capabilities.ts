import { policyNames } from "../components/vault/policies.ts";
import { roleName } from "../components/vault/roles.ts";
import type { Problem } from "../config/problems.ts";
import type { Settings } from "../config/schema.ts";

/** What a Vault token must be allowed at one path; `path` without `/v1/`. */
export interface RequiredCapability {
  readonly path: string;
  readonly capabilities: readonly Capability[];
}

export type Capability = "create" | "read" | "update" | "delete" | "sudo";

type VaultSettings = Pick<Settings, "tier" | "vault" | "namespaces">;

/**
 * What the program needs for everything it manages: to make it, to read it back on refresh and to change it; and to
 * delete what a later declaration may drop, except what production retains. `sudo` as in Vault's list of
 * root-protected endpoints.
 */
export function requiredCapabilities(settings: VaultSettings): readonly RequiredCapability[] {
  const { vault } = settings;
  return [
    ...mounts(settings),
    ...authMount(settings),
    ...roles(settings),
    ...policies(settings),
    ...(vault.cluster === "managed" ? clusterSettings(settings) : []),
  ];
}

/**
 * What is left of them for a preview: to read what is there. A preview writes nothing, and whoever may only look at a
 * stack (CI, on a pull request) must not be asked for more. `sudo` stays where Vault asks for it to read.
 */
export function readCapabilities(required: readonly RequiredCapability[]): readonly RequiredCapability[] {
  return required
    .filter(({ capabilities }) => capabilities.includes("read"))
    .map(({ path, capabilities }) => ({
      path,
      capabilities: capabilities.filter((one) => one === "read" || one === "sudo"),
    }));
}

/** One problem for each path where `granted` (Vault's answer, path -> capabilities) is not enough. */
export function capabilityProblems(
  required: readonly RequiredCapability[],
  granted: Readonly<Record<string, unknown>>,
): readonly Problem[] {
  return required.flatMap(({ path, capabilities }) => {
    const held = granted[path];
    const has = Array.isArray(held) ? held.map(String) : [];
    const missing = has.includes("root")
      ? []
      : capabilities.filter((capability) => !has.includes(capability));
    if (missing.length === 0) return [];
    return [
      {
        path: `Vault ${path}`,
        found: `a token without ${missing.join(", ")} (it has: ${has.join(", ") || "nothing"})`,
        allowed: capabilities.join(", "),
        fix: `add to the token's policy: path "${path}" { capabilities = [${capabilities.map((one) => `"${one}"`).join(", ")}] }`,
      },
    ];
  });
}

function mounts({ tier, vault }: VaultSettings): readonly RequiredCapability[] {
  return [
    { path: "sys/mounts", capabilities: ["read"] },
    ...Object.keys(vault.mounts).flatMap((mount): readonly RequiredCapability[] => [
      { path: `sys/mounts/${mount}`, capabilities: ["read", "update", ...unlessRetained(tier)] },
      { path: `sys/mounts/${mount}/tune`, capabilities: ["update"] },
      { path: `${mount}/config`, capabilities: ["read", "update"] },
    ]),
  ];
}

/** Read and tuned through `sys/mounts/auth/`, as Vault's Go client does it. */
function authMount({ tier, vault: { auth } }: VaultSettings): readonly RequiredCapability[] {
  return [
    { path: "sys/auth", capabilities: ["read"] },
    { path: `sys/auth/${auth.mount}`, capabilities: ["update", ...unlessRetained(tier), "sudo"] },
    { path: `sys/mounts/auth/${auth.mount}`, capabilities: ["read"] },
    { path: `sys/mounts/auth/${auth.mount}/tune`, capabilities: ["read", "update"] },
    { path: `auth/${auth.mount}/config`, capabilities: ["read", "update"] },
  ];
}

function roles({ vault: { auth }, namespaces }: VaultSettings): readonly RequiredCapability[] {
  return namespaces.flatMap((namespace) =>
    namespace.stores.map((store) => ({
      path: `auth/${auth.mount}/role/${roleName(auth.rolePrefix, namespace, store)}`,
      capabilities: ["create", "read", "update", "delete"] as const,
    })),
  );
}

function policies({ vault: { auth }, namespaces }: VaultSettings): readonly RequiredCapability[] {
  const names = new Set(
    namespaces.flatMap((namespace) =>
      namespace.stores.flatMap((store) => policyNames(auth.rolePrefix, namespace, store)),
    ),
  );
  return [...names].map((name) => ({
    path: `sys/policies/acl/${name}`,
    capabilities: ["read", "update", "delete"],
  }));
}

function clusterSettings({ tier, vault }: VaultSettings): readonly RequiredCapability[] {
  const devices = Object.keys(vault.auditDevices);
  return [
    ...(devices.length > 0 ? [{ path: "sys/audit", capabilities: ["read", "sudo"] } as const] : []),
    ...devices.map((name) => ({
      path: `sys/audit/${name}`,
      capabilities: ["update", ...unlessRetained(tier), "sudo"] as const,
    })),
    ...(vault.autopilot
      ? [{ path: "sys/storage/raft/autopilot/configuration", capabilities: ["read", "update"] } as const]
      : []),
    ...Object.keys(vault.quotas).map((name) => ({
      path: `sys/quotas/rate-limit/${name}`,
      capabilities: ["read", "update", "delete"] as const,
    })),
  ];
}

function unlessRetained(tier: Settings["tier"]): readonly Capability[] {
  return tier === "production" ? [] : ["delete"];
}
