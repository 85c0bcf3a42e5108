import { LOOKS_IN_A_LIFE } from "../../../config/monitoring-rules.ts";
import type { NamespaceSettings, Settings } from "../../../config/schema.ts";
import { durationText } from "../../../config/values.ts";
import { type UsedAuthority, usedAuthorities } from "../../../freshness/authorities.ts";
import { seconds } from "../../durations.ts";
import { type Exported, maxBy } from "./promql.ts";
import type { Alert, Severity } from "./rule.ts";

/**
 * A certificate is renewed with a third of its life left; with less than a quarter, a renewal has failed for a twelfth of the
 * life. One alert for each life that a namespace's certificates have.
 */
export function certificateAlerts(
  exported: Exported,
  { name: namespace, services }: NamespaceSettings,
  forSeconds: number,
): readonly Alert[] {
  const certificates = services.flatMap((service) => service.certificates);
  const byLife = Map.groupBy(certificates, ({ ttl }) => seconds(ttl));
  return [...byLife]
    .toSorted(([a], [b]) => a - b)
    .map(([ttlSeconds, alike]) =>
      nearExpiry(exported, namespace, alike.map(({ name }) => name).toSorted(), ttlSeconds, forSeconds),
    );
}

function nearExpiry(
  exported: Exported,
  namespace: string,
  names: readonly string[],
  ttlSeconds: number,
  forSeconds: number,
): Alert {
  const limit = Math.floor(ttlSeconds / 4);
  const expiry = exported("certificate_expiry_timestamp_seconds", {
    namespace,
    certificate: names,
  });
  return {
    alert: "CertificateNearExpiry",
    expr: `${maxBy(["namespace", "certificate"], expiry)} - time() < ${limit}`,
    forSeconds: Math.min(forSeconds, Math.floor(ttlSeconds / LOOKS_IN_A_LIFE)),
    severity: "critical",
    summary:
      "The certificate {{ $labels.namespace }}/{{ $labels.certificate }} ends in {{ $value | humanizeDuration }}, and was " +
      `to be renewed with ${durationText(Math.floor((ttlSeconds * 1_000) / 3))} left.`,
    impact: "When it has ended, clients refuse the connection.",
  };
}

/**
 * The CAs' own ends: while a certificate can still be renewed for its whole ttl, since with less of its issuer left Vault
 * refuses, and of all certificates at once.
 */
export function authorityAlerts(
  exported: Exported,
  settings: Pick<Settings, "pki" | "namespaces">,
  forSeconds: number,
): readonly Alert[] {
  const authorities = usedAuthorities(settings);
  if (authorities.length === 0) return [];
  return [
    authorityNearExpiry("warning", authorities.map(endsWithin(exported, "warningSeconds")), forSeconds),
    authorityNearExpiry("critical", authorities.map(endsWithin(exported, "criticalSeconds")), forSeconds),
  ];
}

function endsWithin(exported: Exported, limit: "warningSeconds" | "criticalSeconds") {
  return ({ mount, issuer, [limit]: left }: UsedAuthority): string => {
    const expiry = exported("ca_expiry_timestamp_seconds", { mount, issuer });
    return `${maxBy(["mount", "issuer"], expiry)} - time() < ${left}`;
  };
}

function authorityNearExpiry(severity: Severity, each: readonly string[], forSeconds: number): Alert {
  return {
    alert: "CertificateAuthorityNearExpiry",
    expr: each.join(" or "),
    forSeconds,
    severity,
    summary: "The CA {{ $labels.issuer }} of {{ $labels.mount }} ends in {{ $value | humanizeDuration }}.",
    impact:
      "When less of it is left than a certificate is to live, Vault issues none any more: every renewal fails, of all at once.",
  };
}
