import * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";
import type { NamespaceSettings, Settings } from "../../config/schema.ts";
import { loginRole } from "./login-role.ts";
import { servicePolicies } from "./policies.ts";
import { storeAccount } from "./roles.ts";

export interface NamespaceAccessArgs {
  readonly settings: Pick<Settings, "vault">;
  readonly namespace: NamespaceSettings;
  /** Path of the auth mount, without `auth/`. */
  readonly authMount: pulumi.Input<string>;
  /** Name of the policy that every login gets. */
  readonly sessionPolicy: pulumi.Input<string>;
}

/** What one namespace may read: a policy for each of its services, and the role that each of its stores logs in with. */
export class NamespaceAccess extends pulumi.ComponentResource {
  /** SecretStore -> name of its role, known once it and its policies exist. */
  readonly roles: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: NamespaceAccessArgs, options: pulumi.ComponentResourceOptions) {
    super("vault-management:vault:NamespaceAccess", name, {}, options);

    const { rolePrefix } = args.settings.vault.auth;
    this.roles = Object.fromEntries(
      args.namespace.stores.map((store) => {
        const policies = servicePolicies(rolePrefix, args.namespace, store.services).map(
          ({ name: policy, document }) =>
            new vault.Policy(policy, { name: policy, policy: document }, { parent: this }).name,
        );
        const role = loginRole(
          {
            settings: args.settings,
            account: storeAccount(args.settings, args.namespace, store),
            authMount: args.authMount,
            tokenPolicies: [args.sessionPolicy, ...policies],
          },
          { parent: this },
        );
        return [store.name, role.roleName];
      }),
    );
    this.registerOutputs({ roles: this.roles });
  }
}
