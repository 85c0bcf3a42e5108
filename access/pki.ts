import { authorityUrls, crlConfig } from "../components/pki/mount.ts";
import type { PkiSettings } from "../components/pki/names.ts";
import { certificateRoles } from "../components/pki/roles.ts";
import type { Settings } from "../config/schema.ts";
import type { ManagedPath } from "./managed.ts";
import { mountParameters, tuneParameters } from "./parameters.ts";
import { intermediatePaths, rootPaths } from "./pki-authorities.ts";

type PkiManagedSettings = Pick<Settings, "environment" | "tier" | "vault" | "namespaces" | "pki">;

/**
 * What making a CA and its roles takes. A request to sign carries the declared constraints, or Vault refuses it: so a
 * deployer, who can have any key signed, gets a CA for the declared domains at most. A role's names are pinned.
 */
export function pkiInVault(settings: PkiManagedSettings): readonly ManagedPath[] {
  const { pki } = settings;
  if (pki === undefined) return [];
  return [
    ...(pki.root === undefined ? [] : [...mountPaths(settings, pki.root.mount), ...rootPaths(pki, pki.root)]),
    ...mountPaths(settings, pki.intermediate.mount),
    ...intermediatePaths(pki),
    ...rolePaths(settings, pki),
  ];
}

function mountPaths({ environment, tier, vault }: PkiManagedSettings, mount: string): readonly ManagedPath[] {
  const of = `PKI mount ${mount}`;
  const urls = authorityUrls({ vault }, mount);
  return [
    {
      path: `sys/mounts/${mount}`,
      capabilities: ["read", "update", ...(tier === "production" ? [] : (["delete"] as const))],
      allowed: mountParameters("pki", environment),
      of,
    },
    {
      path: `sys/mounts/${mount}/tune`,
      capabilities: ["update"],
      allowed: tuneParameters(environment),
      of,
    },
    {
      path: `${mount}/config/urls`,
      capabilities: ["read", "update"],
      allowed: {
        enable_templating: [urls.enableTemplating],
        issuing_certificates: [urls.issuingCertificates],
        crl_distribution_points: [urls.crlDistributionPoints],
        ocsp_servers: [urls.ocspServers],
      },
      of,
    },
    {
      path: `${mount}/config/crl`,
      capabilities: ["read", "update"],
      allowed: {
        disable: [crlConfig.disable],
        ocsp_disable: [crlConfig.ocspDisable],
        auto_rebuild: [crlConfig.autoRebuild],
        enable_delta: [crlConfig.enableDelta],
        expiry: [crlConfig.expiry],
        auto_rebuild_grace_period: [crlConfig.autoRebuildGracePeriod],
        delta_rebuild_interval: [crlConfig.deltaRebuildInterval],
        ocsp_expiry: [crlConfig.ocspExpiry],
        cross_cluster_revocation: [false],
        unified_crl: [false],
        unified_crl_on_existing_paths: [false],
        max_crl_entries: [],
      },
      of,
    },
    { path: `${mount}/config/auto-tidy`, capabilities: ["read", "update"], of },
  ];
}

function rolePaths(settings: PkiManagedSettings, { intermediate }: PkiSettings): readonly ManagedPath[] {
  return certificateRoles(settings).map(({ name, ...role }) => ({
    path: `${intermediate.mount}/roles/${name}`,
    capabilities: ["read", "update", "delete"],
    allowed: {
      allowed_domains: [role.allowedDomains],
      allow_bare_domains: [role.allowBareDomains],
      allow_subdomains: [role.allowSubdomains],
      allow_glob_domains: [role.allowGlobDomains],
      allow_any_name: [role.allowAnyName],
      allow_localhost: [role.allowLocalhost],
      allow_ip_sans: [role.allowIpSans],
      allow_wildcard_certificates: [role.allowWildcardCertificates],
      allowed_uri_sans_template: [false],
      basic_constraints_valid_for_non_ca: [false],
      cn_validations: [["email", "hostname"]],
      enforce_hostnames: [role.enforceHostnames],
      require_cn: [role.requireCn],
      server_flag: [role.serverFlag],
      client_flag: [role.clientFlag],
      code_signing_flag: [role.codeSigningFlag],
      email_protection_flag: [role.emailProtectionFlag],
      key_usage: [["DigitalSignature", "KeyAgreement", "KeyEncipherment"]],
      key_type: [role.keyType],
      key_bits: [],
      signature_bits: [],
      not_before_duration: [],
      serial_number_source: [],
      ttl: [role.ttl],
      max_ttl: [role.maxTtl],
      issuer_ref: [role.issuerRef],
      generate_lease: [role.generateLease],
      no_store: [role.noStore],
      use_csr_common_name: [true],
      use_csr_sans: [true],
    },
    of: `certificate role ${name}`,
  }));
}
