import type { NamespaceSettings, Settings, StoreSettings } from "../../config/schema.ts";
import { seconds } from "../durations.ts";
import { policyNames } from "./policies.ts";

/** What every role says about the tokens of its logins, in the provider's words; durations in seconds. */
export interface TokenSettings {
  readonly tokenPolicies: readonly string[];
  readonly tokenNoDefaultPolicy: true;
  readonly tokenTtl: number;
  readonly tokenMaxTtl: number;
  readonly tokenBoundCidrs: readonly string[];
  readonly tokenType: "service";
}

export interface KubernetesRole extends TokenSettings {
  readonly roleName: string;
  readonly boundServiceAccountNames: readonly string[];
  readonly boundServiceAccountNamespaces: readonly string[];
  readonly audience: string;
}

export interface JwtRole extends TokenSettings {
  readonly roleName: string;
  readonly roleType: "jwt";
  readonly userClaim: "sub";
  readonly boundAudiences: readonly string[];
  readonly boundSubject: string;
}

type RoleSettings = Pick<Settings, "vault">;

/** The role that a SecretStore logs in with. No DNS label has a dot, so no namespace is named like another's service. */
export function roleName(prefix: string, namespace: NamespaceSettings, store: StoreSettings): string {
  const role = `${prefix}-${namespace.name}`;
  return store.service === undefined ? role : `${role}.${store.service}`;
}

/** For the `kubernetes` method: one service account of one namespace, by name. */
export function kubernetesRole(
  settings: RoleSettings,
  namespace: NamespaceSettings,
  store: StoreSettings,
): KubernetesRole {
  const { auth } = settings.vault;
  return {
    roleName: roleName(auth.rolePrefix, namespace, store),
    boundServiceAccountNames: [store.serviceAccount],
    boundServiceAccountNamespaces: [namespace.name],
    audience: auth.audience,
    ...tokenSettings(settings, namespace, store),
  };
}

/** For the `jwt` method: the same service account as the `sub` of its token. */
export function jwtRole(settings: RoleSettings, namespace: NamespaceSettings, store: StoreSettings): JwtRole {
  const { auth } = settings.vault;
  return {
    roleName: roleName(auth.rolePrefix, namespace, store),
    roleType: "jwt",
    userClaim: "sub",
    boundAudiences: [auth.audience],
    boundSubject: `system:serviceaccount:${namespace.name}:${store.serviceAccount}`,
    ...tokenSettings(settings, namespace, store),
  };
}

/**
 * Service tokens, although a batch token would save ESO the request that revokes it: only service tokens can be
 * revoked, by ESO after each refresh and by people when a workload is broken into.
 */
function tokenSettings(
  { vault }: RoleSettings,
  namespace: NamespaceSettings,
  store: StoreSettings,
): TokenSettings {
  return {
    tokenPolicies: policyNames(vault.auth.rolePrefix, namespace, store),
    tokenNoDefaultPolicy: true,
    tokenTtl: seconds(vault.auth.tokenTtl),
    tokenMaxTtl: seconds(vault.auth.tokenMaxTtl),
    tokenBoundCidrs: vault.egressCidrs.map(withoutHostBits),
    tokenType: "service",
  };
}

/** Vault gives one address back without its /32 or /128; written so, it never differs on refresh. */
function withoutHostBits(network: string): string {
  return network.includes(":") ? network.replace(/\/128$/, "") : network.replace(/\/32$/, "");
}
