import { LOOKS_IN_A_LIFE } from "../../../config/monitoring-rules.ts";
import type { NamespaceSettings } from "../../../config/schema.ts";
import { durationText } from "../../../config/values.ts";
import { seconds } from "../../durations.ts";
import { type Exported, maxBy } from "./promql.ts";
import type { Alert } from "./rule.ts";

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
