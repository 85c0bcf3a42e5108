/** Dotted field -> what Vault answers where it is not said; `.*`: every key of a map. */
export type Unsaid = Readonly<Record<string, unknown>>;

/** A mount's tuning; of it the keys that would write values into the audit log as they are. */
const tuning: Unsaid = {
  "config.default_lease_ttl": 0,
  "config.max_lease_ttl": 0,
  "config.force_no_cache": false,
  "config.audit_non_hmac_request_keys": [],
  "config.audit_non_hmac_response_keys": [],
  "config.passthrough_request_headers": [],
  "config.allowed_response_headers": [],
  "config.listing_visibility": "",
  local: false,
};

/** What a role's tokens may do beyond what the program says. */
const tokens: Unsaid = {
  token_period: 0,
  token_num_uses: 0,
  token_explicit_max_ttl: 0,
  token_bound_cidrs: [],
};

/**
 * Fields that the program leaves to Vault, and by which somebody could widen what is declared: each is held against
 * Vault's default. A closed list: a later Vault may have fields of which nobody can know here what they are for.
 */
export const unsaidOf: Readonly<Record<string, Unsaid>> = {
  "vault:index/mount:Mount": { ...tuning, "options.*": undefined },
  "vault:index/authBackend:AuthBackend": tuning,
  "vault:jwt/authBackend:AuthBackend": {
    ...tuning,
    oidc_discovery_url: "",
    oidc_discovery_ca_pem: "",
    oidc_client_id: "",
    jwks_url: "",
    jwks_ca_pem: "",
    jwks_pairs: [],
    jwt_validation_pubkeys: [],
    bound_issuer: "",
    default_role: "",
  },
  "vault:index/audit:Audit": { "options.*": undefined, local: false },
  "vault:index/quotaRateLimit:QuotaRateLimit": { role: "", block_interval: 0 },
  "vault:kubernetes/authBackendConfig:AuthBackendConfig": {
    kubernetes_ca_cert: "",
    pem_keys: [],
    issuer: "",
    token_reviewer_jwt_set: false,
    use_annotations_as_alias_metadata: false,
  },
  "vault:kubernetes/authBackendRole:AuthBackendRole": {
    ...tokens,
    bound_service_account_namespace_selector: "",
    alias_name_source: "serviceaccount_uid",
  },
  "vault:jwt/authBackendRole:AuthBackendRole": {
    ...tokens,
    bound_claims: {},
    groups_claim: "",
    user_claim_json_pointer: false,
    clock_skew_leeway: 0,
    expiration_leeway: 0,
    not_before_leeway: 0,
    verbose_oidc_logging: false,
  },
  "vault:pkiSecret/secretBackendRole:SecretBackendRole": {
    allowed_domains_template: false,
    allowed_uri_sans: [],
    allowed_uri_sans_template: false,
    allowed_other_sans: [],
    allowed_user_ids: [],
    allowed_serial_numbers: [],
    allow_token_displayname: false,
    cn_validations: ["email", "hostname"],
    use_csr_common_name: true,
    use_csr_sans: true,
    organization: [],
    ou: [],
    key_usage: ["DigitalSignature", "KeyAgreement", "KeyEncipherment"],
    ext_key_usage: [],
    ext_key_usage_oids: [],
    policy_identifiers: [],
    basic_constraints_valid_for_non_ca: false,
    not_before_duration: 30,
    not_after: "",
  },
  "vault:database/secretBackendConnection:SecretBackendConnection": {
    root_credentials_rotate_statements: [],
    password_policy: "",
    username_template: "",
    disable_escaping: false,
    tls_ca: "",
    skip_static_role_import_rotation: false,
  },
  "vault:database/secretBackendStaticRole:SecretBackendStaticRole": {
    rotation_statements: [],
    credential_config: {},
  },
  "vault:database/secretBackendRole:SecretBackendRole": {
    rollback_statements: [],
    renew_statements: [],
    revocation_statements: [],
    credential_config: {},
  },
  "vault:pkiSecret/secretBackendIssuer:SecretBackendIssuer": { revoked: false },
};
