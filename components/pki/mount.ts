import type * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";
import type { Settings } from "../../config/schema.ts";
import { seconds } from "../durations.ts";
import { protection } from "../protection.ts";
import { mountDescription } from "../vault/ownership.ts";

export interface PkiMountArgs {
  readonly settings: Pick<Settings, "environment" | "tier" | "vault">;
  readonly path: string;
  /** Life of the longest certificate that is issued here, a Go duration. */
  readonly longest: string;
}

/** A configured PKI mount: nothing may be issued before all of it is there, since certificates name their CRL's address. */
export interface PkiMount {
  readonly path: pulumi.Output<string>;
  readonly configured: readonly pulumi.Resource[];
}

/**
 * A PKI mount with what belongs to each: where its CA's certificates, CRLs and OCSP answers are found, how they are kept
 * fresh, and when what has ended is tidied away. In production it is protected: with it would go the CA's keys.
 */
export function pkiMount(
  { settings, path, longest }: PkiMountArgs,
  options: pulumi.CustomResourceOptions,
): PkiMount {
  const { environment, tier } = settings;
  const mount = new vault.Mount(
    path,
    {
      path,
      type: "pki",
      description: mountDescription(environment),
      maxLeaseTtlSeconds: seconds(longest),
    },
    { ...options, ...protection(tier) },
  );
  const within = { ...options, dependsOn: mount };
  const configured = [
    new vault.pkisecret.SecretBackendConfigUrls(
      path,
      { backend: mount.path, ...authorityUrls(settings, path) },
      within,
    ),
    new vault.pkisecret.SecretBackendCrlConfig(path, { backend: mount.path, ...crlConfig }, within),
    new vault.pkisecret.BackendConfigAutoTidy(path, { backend: mount.path, ...autoTidy }, within),
  ];
  return { path: mount.path, configured: [mount, ...configured] };
}

/** Each issuer has a CRL of its own; OCSP answers for all. */
export function authorityUrls({ vault: { address } }: Pick<Settings, "vault">, path: string) {
  const api = `${new URL(address).origin}/v1/${path}`;
  return {
    enableTemplating: true,
    issuingCertificates: [`${api}/issuer/{{issuer_id}}/der`],
    crlDistributionPoints: [`${api}/issuer/{{issuer_id}}/crl/der`],
    ocspServers: [`${api}/ocsp`],
  };
}

/**
 * A revoked certificate is in OCSP's answers at once, in the delta CRL within 15 minutes, and in the complete CRL when
 * that is next rebuilt: 12 hours before its end, or when an operator has it rebuilt (npm run pki -- revoke does).
 */
export const crlConfig = {
  disable: false,
  expiry: "72h",
  autoRebuild: true,
  autoRebuildGracePeriod: "12h",
  enableDelta: true,
  deltaRebuildInterval: "15m",
  ocspDisable: false,
  ocspExpiry: "1h",
};

/** Ended certificates go after three days, ended issuers after a year: by then nothing that they signed is valid. */
const autoTidy = {
  enabled: true,
  intervalDuration: "12h",
  safetyBuffer: "72h",
  issuerSafetyBuffer: "8760h",
  tidyCertStore: true,
  tidyRevokedCerts: true,
  tidyRevokedCertIssuerAssociations: true,
  tidyExpiredIssuers: true,
};
