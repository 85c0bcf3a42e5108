import * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";
import type { NamespaceSettings, Settings, StoreSettings } from "../../config/schema.ts";
import { servicePolicies } from "./policies.ts";
import { jwtRole, kubernetesRole } from "./roles.ts";

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
        return [store.name, this.#role(args, store, [args.sessionPolicy, ...policies])];
      }),
    );
    this.registerOutputs({ roles: this.roles });
  }

  #role(
    { settings, namespace, authMount }: NamespaceAccessArgs,
    store: StoreSettings,
    tokenPolicies: pulumi.Input<string>[],
  ): pulumi.Output<string> {
    const shared = { backend: authMount, tokenPolicies };
    if (settings.vault.auth.method === "jwt") {
      const role = jwtRole(settings, namespace, store);
      return new vault.jwt.AuthBackendRole(
        role.roleName,
        {
          ...role,
          boundAudiences: [...role.boundAudiences],
          tokenBoundCidrs: [...role.tokenBoundCidrs],
          ...shared,
        },
        { parent: this },
      ).roleName;
    }
    const role = kubernetesRole(settings, namespace, store);
    return new vault.kubernetes.AuthBackendRole(
      role.roleName,
      {
        ...role,
        boundServiceAccountNames: [...role.boundServiceAccountNames],
        boundServiceAccountNamespaces: [...role.boundServiceAccountNamespaces],
        tokenBoundCidrs: [...role.tokenBoundCidrs],
        ...shared,
      },
      { parent: this },
    ).roleName;
  }
}
