import { certificateRole } from "../../config/certificates.ts";
import type { CertificateSettings, Settings } from "../../config/schema.ts";
import { seconds } from "../durations.ts";
import { keyParameters } from "./names.ts";

/** A role for each certificate: its uses, key and life are fields of the role, and a request cannot choose them. */
export function certificateRoles({ vault, namespaces }: Pick<Settings, "vault" | "namespaces">) {
  return namespaces.flatMap((namespace) =>
    namespace.services.flatMap((service) =>
      service.certificates.map((certificate) => ({
        name: certificateRole(vault.auth.rolePrefix, namespace, service, certificate.name),
        ...certificateRoleParameters(certificate),
      })),
    ),
  );
}

/**
 * What a role allows: the certificate's own names, each exactly, its uses, key and life. No lease: ESO never renews one,
 * a lease for every certificate would burden Vault, and revoking the login that asked would revoke the certificate.
 * Issued certificates are stored, or they could not be revoked by their serial number.
 */
export function certificateRoleParameters(certificate: CertificateSettings) {
  const names = certificateNames(certificate);
  const life = String(seconds(certificate.ttl));
  return {
    allowedDomains: names,
    allowBareDomains: true,
    allowSubdomains: false,
    allowGlobDomains: false,
    allowAnyName: false,
    allowLocalhost: false,
    allowIpSans: false,
    allowWildcardCertificates: names.some((name) => name.startsWith("*.")),
    enforceHostnames: true,
    requireCn: true,
    serverFlag: certificate.usages.includes("server"),
    clientFlag: certificate.usages.includes("client"),
    codeSigningFlag: false,
    emailProtectionFlag: false,
    ...keyParameters(certificate.key),
    ttl: life,
    maxTtl: life,
    // The default issuer, so that one write switches every role to a new intermediate.
    issuerRef: "default",
    generateLease: false,
    noStore: false,
  };
}

/** Every name of a certificate, its common name first. */
export function certificateNames({
  commonName,
  dnsNames,
}: Pick<CertificateSettings, "commonName" | "dnsNames">): readonly string[] {
  return [...new Set([commonName, ...dnsNames])];
}
