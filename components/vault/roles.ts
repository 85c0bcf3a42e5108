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

/** A service account that logs in: whom its role binds, and what the tokens of its logins get. */
export interface BoundAccount {
  readonly roleName: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly tokenPolicies: readonly string[];
  readonly tokenTtlSeconds: number;
  readonly tokenMaxTtlSeconds: number;
}

/** The service account that a SecretStore logs in as. */
export function storeAccount(
  { vault: { auth } }: RoleSettings,
  namespace: NamespaceSettings,
  store: StoreSettings,
): BoundAccount {
  return {
    roleName: roleName(auth.rolePrefix, namespace, store),
    namespace: namespace.name,
    serviceAccount: store.serviceAccount,
    tokenPolicies: policyNames(auth.rolePrefix, namespace, store),
    tokenTtlSeconds: seconds(auth.tokenTtl),
    tokenMaxTtlSeconds: seconds(auth.tokenMaxTtl),
  };
}

/** For the `kubernetes` method: one service account of one namespace, by name. */
export function kubernetesRole(settings: RoleSettings, account: BoundAccount): KubernetesRole {
  return {
    roleName: account.roleName,
    boundServiceAccountNames: [account.serviceAccount],
    boundServiceAccountNamespaces: [account.namespace],
    audience: settings.vault.auth.audience,
    ...tokenSettings(settings, account),
  };
}

/** For the `jwt` method: the same service account as the `sub` of its token. */
export function jwtRole(settings: RoleSettings, account: BoundAccount): JwtRole {
  return {
    roleName: account.roleName,
    roleType: "jwt",
    userClaim: "sub",
    boundAudiences: [settings.vault.auth.audience],
    boundSubject: `system:serviceaccount:${account.namespace}:${account.serviceAccount}`,
    ...tokenSettings(settings, account),
  };
}

/**
 * Service tokens, although a batch token would save ESO the request that revokes it: only service tokens can be
 * revoked, by ESO after each refresh and by people when a workload is broken into.
 */
function tokenSettings({ vault }: RoleSettings, account: BoundAccount): TokenSettings {
  return {
    tokenPolicies: account.tokenPolicies,
    tokenNoDefaultPolicy: true,
    tokenTtl: account.tokenTtlSeconds,
    tokenMaxTtl: account.tokenMaxTtlSeconds,
    tokenBoundCidrs: vault.egressCidrs.map(withoutHostBits),
    tokenType: "service",
  };
}

/** Vault gives one address back without its /32 or /128; written so, it never differs on refresh. */
function withoutHostBits(network: string): string {
  return network.includes(":") ? network.replace(/\/128$/, "") : network.replace(/\/32$/, "");
}
