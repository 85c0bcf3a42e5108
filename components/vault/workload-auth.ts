import * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";
import type { Settings } from "../../config/schema.ts";
import { protection } from "../protection.ts";
import { mountDescription } from "./ownership.ts";
import { sessionPolicy } from "./policies.ts";
import { quotasByPlace, rateLimit } from "./quotas.ts";

/** A checked declaration fits as it is. */
export type WorkloadAuthArgs = Pick<Settings, "environment" | "tier" | "vault" | "kubernetes">;

/**
 * How the cluster's workloads log in: the auth mount of the declared method, its configuration, and the policy that
 * every login gets. In production the mount is protected and outlives the stack: with it would go every role.
 */
export class WorkloadAuth extends pulumi.ComponentResource {
  /** Path of the auth mount, without `auth/`. */
  readonly mount: pulumi.Output<string>;
  /** Name of the policy that lets a login look itself up and end itself. */
  readonly sessionPolicy: pulumi.Output<string>;

  constructor(name: string, args: WorkloadAuthArgs, options: pulumi.ComponentResourceOptions) {
    super("vault-management:vault:WorkloadAuth", name, {}, options);

    const mount: vault.AuthBackend | vault.jwt.AuthBackend =
      args.vault.auth.method === "kubernetes" ? this.#kubernetes(args) : this.#jwt(args);
    if (args.vault.cluster === "managed") {
      for (const [quota, fields] of quotasByPlace(args.vault).onAuthMount) {
        rateLimit(quota, fields, { parent: this, dependsOn: mount });
      }
    }
    const session = sessionPolicy(args.vault.auth.rolePrefix, args.environment);
    const policy = new vault.Policy(
      session.name,
      { name: session.name, policy: session.document },
      { parent: this },
    );

    this.mount = pulumi.output(mount.path).apply((path) => path ?? args.vault.auth.mount);
    this.sessionPolicy = policy.name;
    this.registerOutputs({ mount: this.mount, sessionPolicy: this.sessionPolicy });
  }

  #kubernetes({ environment, tier, kubernetes, vault: { auth } }: WorkloadAuthArgs): vault.AuthBackend {
    const mount = new vault.AuthBackend(
      auth.mount,
      { type: "kubernetes", path: auth.mount, description: mountDescription(environment) },
      { parent: this, ...protection(tier) },
    );
    new vault.kubernetes.AuthBackendConfig(
      auth.mount,
      {
        backend: mount.path,
        kubernetesHost: kubernetes.apiAddress,
        ...(kubernetes.apiCaCertificate === undefined
          ? {}
          : { kubernetesCaCert: kubernetes.apiCaCertificate.trim() }),
        // No reviewer token is stored: Vault asks for the review with the very token that logs in.
        disableLocalCaJwt: true,
        // The review itself tells whether the cluster issued the token; Vault's own check is deprecated.
        disableIssValidation: true,
      },
      { parent: this },
    );
    return mount;
  }

  #jwt({ environment, tier, kubernetes, vault: { auth } }: WorkloadAuthArgs): vault.jwt.AuthBackend {
    return new vault.jwt.AuthBackend(
      auth.mount,
      {
        type: "jwt",
        path: auth.mount,
        description: mountDescription(environment),
        ...signingKeys(kubernetes),
      },
      { parent: this, ...protection(tier) },
    );
  }
}

type SigningKeys = Pick<
  vault.jwt.AuthBackendArgs,
  "oidcDiscoveryUrl" | "oidcDiscoveryCaPem" | "boundIssuer" | "jwksUrl" | "jwksCaPem" | "jwtValidationPubkeys"
>;

/**
 * Where Vault finds the keys that sign service-account tokens: the one way that is declared. PEM texts are trimmed, as
 * Vault gives them back: so they never differ on refresh.
 */
function signingKeys({ apiCaCertificate, jwt = {} }: Settings["kubernetes"]): SigningKeys {
  const ca = apiCaCertificate?.trim();
  if (jwt.issuer !== undefined) {
    return {
      oidcDiscoveryUrl: jwt.issuer,
      boundIssuer: jwt.issuer,
      ...(ca === undefined ? {} : { oidcDiscoveryCaPem: ca }),
    };
  }
  if (jwt.jwksUrl !== undefined) {
    return {
      jwksUrl: jwt.jwksUrl,
      ...(ca === undefined ? {} : { jwksCaPem: ca }),
    };
  }
  return { jwtValidationPubkeys: (jwt.publicKeys ?? []).map((key) => key.trim()) };
}
