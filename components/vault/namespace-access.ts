import * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";
import type { NamespaceSettings, Settings } from "../../config/schema.ts";
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

/** What one namespace may read: a policy for each of its services, and the role that its SecretStore logs in with. */
export class NamespaceAccess extends pulumi.ComponentResource {
  /** Name of the role, known once it and its policies exist. */
  readonly role: pulumi.Output<string>;
  /** Names of the role's policies. */
  readonly policies: pulumi.Output<readonly string[]>;

  constructor(name: string, args: NamespaceAccessArgs, options: pulumi.ComponentResourceOptions) {
    super("vault-management:vault:NamespaceAccess", name, {}, options);

    const { rolePrefix } = args.settings.vault.auth;
    const policies = servicePolicies(rolePrefix, args.namespace).map(
      ({ name: policy, document }) =>
        new vault.Policy(policy, { name: policy, policy: document }, { parent: this }),
    );
    this.policies = pulumi.all([args.sessionPolicy, ...policies.map((policy) => policy.name)]);
    this.role = this.#role(args);
    this.registerOutputs({ role: this.role, policies: this.policies });
  }

  #role({ settings, namespace, authMount }: NamespaceAccessArgs): pulumi.Output<string> {
    const shared = { backend: authMount, tokenPolicies: mutable(this.policies) };
    if (settings.vault.auth.method === "jwt") {
      const role = jwtRole(settings, namespace);
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
    const role = kubernetesRole(settings, namespace);
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

/** The SDK's inputs are typed as mutable lists; it does not change them. */
function mutable<T>(list: pulumi.Output<readonly T[]>): pulumi.Output<T[]> {
  return list.apply((items) => [...items]);
}
