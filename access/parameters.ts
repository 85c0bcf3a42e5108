import { mountDescription } from "../components/vault/ownership.ts";
import { type BoundAccount, jwtRole, kubernetesRole, type TokenSettings } from "../components/vault/roles.ts";
import type { Settings } from "../config/schema.ts";
import type { Parameters } from "./operators/document.ts";
import { setOrders } from "./provider-sets.ts";

/*
 * What a deployer's requests may carry, where more would let it grant itself something. The lists are closed: a parameter
 * that is not in them, Vault's deprecated aliases (`policies`, `ttl`, `num_uses`, ...) among them, is refused. Numbers can
 * be named but not pinned: Vault compares a policy's number with the request's as a different type, and never finds them
 * equal. Empty and false values stand there because Pulumi's provider sends its defaults along.
 */

type VaultSettings = Pick<Settings, "vault">;

/** A mount of one type; its other settings are the declaration's. */
export function mountParameters(type: string, environment: string): Parameters {
  return {
    type: [type],
    description: [mountDescription(environment)],
    options: [],
    config: [],
    local: [false],
    seal_wrap: [false],
    external_entropy_access: [false],
  };
}

/** Not `audit_non_hmac_*`, which would write values into the audit log as they are. */
export function tuneParameters(environment: string): Parameters {
  return {
    description: [mountDescription(environment)],
    options: [],
    default_lease_ttl: [],
    max_lease_ttl: [],
    force_no_cache: [],
  };
}

/** Exactly the declared options: no `log_raw`. */
export function auditParameters(
  device: Settings["vault"]["auditDevices"][string],
  environment: string,
): Parameters {
  return {
    type: [device.type],
    description: [mountDescription(environment)],
    options: [{ file_path: device.filePath }],
    local: [false],
  };
}

/** Who vouches for logins: another server or key would let anybody in as any workload. */
export function authConfigParameters({
  kubernetes,
  vault: { auth },
}: Pick<Settings, "kubernetes" | "vault">): Parameters {
  const ca = kubernetes.apiCaCertificate?.trim();
  if (auth.method === "kubernetes") {
    return {
      kubernetes_host: [kubernetes.apiAddress],
      kubernetes_ca_cert: ["", ...present(ca)],
      disable_local_ca_jwt: [true],
      disable_iss_validation: [true],
      use_annotations_as_alias_metadata: [false],
    };
  }
  const { issuer, jwksUrl, publicKeys = [] } = kubernetes.jwt ?? {};
  return {
    oidc_discovery_url: ["", ...present(issuer)],
    oidc_discovery_ca_pem: ["", ...present(ca)],
    bound_issuer: ["", ...present(issuer)],
    jwks_url: ["", ...present(jwksUrl)],
    jwks_ca_pem: ["", ...present(ca)],
    jwt_validation_pubkeys: [publicKeys.map((key) => key.trim())],
    namespace_in_state: [true],
  };
}

/** The role of one declared login: its service account, its audience, its policies. */
export function roleParameters(settings: VaultSettings, account: BoundAccount): Parameters {
  if (settings.vault.auth.method === "kubernetes") {
    const role = kubernetesRole(settings, account);
    return {
      bound_service_account_names: [role.boundServiceAccountNames],
      bound_service_account_namespaces: [role.boundServiceAccountNamespaces],
      bound_service_account_namespace_selector: [""],
      audience: [role.audience],
      alias_name_source: ["serviceaccount_uid"],
      ...tokenParameters(role),
    };
  }
  const role = jwtRole(settings, account);
  return {
    role_type: [role.roleType],
    user_claim: [role.userClaim],
    user_claim_json_pointer: [false],
    groups_claim: [""],
    bound_audiences: [role.boundAudiences],
    bound_subject: [role.boundSubject],
    bound_claims: [{}],
    bound_claims_type: ["string"],
    // Seconds of tolerance, which cannot be pinned; the provider sends zeros.
    clock_skew_leeway: [],
    expiration_leeway: [],
    not_before_leeway: [],
    verbose_oidc_logging: [false],
    ...tokenParameters(role),
  };
}

/**
 * What a role may not be emptied of: an audience, a subject or networks that are not said bind nobody. Left out altogether
 * they can still be, of a role that is made anew; Vault cannot ask for a parameter without asking for it in reads as well.
 */
export function roleDenials({ vault: { auth, egressCidrs } }: VaultSettings): Parameters {
  return {
    [auth.method === "kubernetes" ? "audience" : "bound_subject"]: [""],
    ...(egressCidrs.length > 0 ? { token_bound_cidrs: ["", []] } : {}),
  };
}

/**
 * A write of generated values. Which version it replaces is not pinned: each new epoch would take a person with all rights.
 * `cas` stands beside the options because the provider sends it there, to no effect.
 */
export const generatedParameters: Parameters = { data: [], options: [], cas: [] };

/** No period and no number of uses: a token of a role cannot be made to live for ever. */
function tokenParameters(role: TokenSettings): Parameters {
  return {
    token_policies: setOrders(role.tokenPolicies),
    token_no_default_policy: [role.tokenNoDefaultPolicy],
    token_type: [role.tokenType],
    token_bound_cidrs: setOrders(role.tokenBoundCidrs),
    token_ttl: [],
    token_max_ttl: [],
  };
}

function present(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value];
}
