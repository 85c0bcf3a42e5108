import type * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";
import type { Settings } from "../../config/schema.ts";
import { type BoundAccount, jwtRole, kubernetesRole } from "./roles.ts";

export interface LoginRoleArgs {
  readonly settings: Pick<Settings, "vault">;
  readonly account: BoundAccount;
  /** Path of the auth mount, without `auth/`. */
  readonly authMount: pulumi.Input<string>;
  /** Those of the account, each known once it is there. */
  readonly tokenPolicies: pulumi.Input<string>[];
}

/** The role of the declared auth method that a service account logs in with. */
export function loginRole(
  { settings, account, authMount, tokenPolicies }: LoginRoleArgs,
  options: pulumi.CustomResourceOptions,
): vault.kubernetes.AuthBackendRole | vault.jwt.AuthBackendRole {
  const shared = { backend: authMount, tokenPolicies };
  if (settings.vault.auth.method === "jwt") {
    const role = jwtRole(settings, account);
    return new vault.jwt.AuthBackendRole(
      role.roleName,
      {
        ...role,
        boundAudiences: [...role.boundAudiences],
        tokenBoundCidrs: [...role.tokenBoundCidrs],
        ...shared,
      },
      options,
    );
  }
  const role = kubernetesRole(settings, account);
  return new vault.kubernetes.AuthBackendRole(
    role.roleName,
    {
      ...role,
      boundServiceAccountNames: [...role.boundServiceAccountNames],
      boundServiceAccountNamespaces: [...role.boundServiceAccountNamespaces],
      tokenBoundCidrs: [...role.tokenBoundCidrs],
      ...shared,
    },
    options,
  );
}
