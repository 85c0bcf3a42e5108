import type { Settings } from "../../../config/schema.ts";
import { usedAuthorities } from "../../../freshness/authorities.ts";

/** Alerts that a stack goes without, for want of what brings their series. */
export interface MissingSource {
  readonly alerts: readonly string[];
  readonly why: string;
  /** What to declare. */
  readonly fix: string;
}

/** What would be told of if more were declared. What cannot go wrong in this stack (no key rotates) is not among it. */
export function missingSources({
  monitoring,
  namespaces,
  pki,
  rotation,
}: Pick<Settings, "monitoring" | "namespaces" | "pki" | "rotation">): readonly MissingSource[] {
  const { exporter, vault, auditReaders } = monitoring;
  const certificates = namespaces.some(({ services }) => services.some((one) => one.certificates.length > 0));
  const ofExporter = [
    "SecretSyncLagging",
    ...(certificates ? ["CertificateNearExpiry"] : []),
    ...(usedAuthorities({ pki, namespaces }).length === 0 ? [] : ["CertificateAuthorityNearExpiry"]),
    ...(rotation === undefined ? [] : ["RotationOverdue"]),
    ...["VaultNoLeader", "VaultRaftLag", "AuditDevicesTooFew", "AuditDeviceFailing", "VaultTelemetryMissing"],
    "BreakGlassOpen",
    "SecretSyncStale by age",
  ];
  return [
    ...(exporter === undefined
      ? [{ alerts: ofExporter, why: "there is no exporter", fix: "declare monitoring.exporter: {}" }]
      : []),
    ...(exporter === undefined || Object.keys(vault.nodes).length === 0
      ? [
          {
            alerts: ["VaultNodeDown", "VaultSealed", "VaultTwoLeaders"],
            why: "nobody asks the Vault nodes one by one",
            fix: "declare monitoring.exporter and monitoring.vault.nodes: { <name>: https://<node>:8200 }",
          },
        ]
      : []),
    ...(auditReaders.length === 0
      ? [
          {
            alerts: ["BreakGlassUsed", "UnexpectedDeniedReads", "AuditReaderSilent"],
            why: "no audit reader is declared, and Vault's own metrics do not have it",
            fix: "run one beside each audit log, and declare monitoring.auditReaders: [<host>:9465]",
          },
        ]
      : []),
  ];
}

/** One line for a preview. */
export function missingSourceText({ alerts, why, fix }: MissingSource): string {
  return `No alert ${alerts.join(", ")}: ${why}; ${fix}.`;
}
