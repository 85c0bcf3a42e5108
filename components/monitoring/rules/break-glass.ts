import { type Exported, grown, series } from "./promql.ts";
import { type Alert, EVENT_SECONDS } from "./rule.ts";

/** Every use, by whichever of its two operators; drills as well. */
export function useAlerts(readers: readonly string[]): readonly Alert[] {
  return [
    {
      alert: "BreakGlassUsed",
      expr: grown(
        series("vault_management_break_glass_requests_total", { instance: readers }),
        ["operator"],
        EVENT_SECONDS,
      ),
      forSeconds: 0,
      severity: "critical",
      summary: "Somebody uses the rights of {{ $labels.operator }}.",
      impact:
        "Access is being taken away or given back; if nobody of you does it, these credentials are stolen.",
    },
  ];
}

/** How long access may stay taken away before somebody is reminded. */
const REMINDER_SECONDS = 3_600;

export function incidentAlerts(exported: Exported): readonly Alert[] {
  return [
    {
      alert: "BreakGlassOpen",
      expr: `max(${exported("break_glass_incidents_open")}) > 0`,
      forSeconds: REMINDER_SECONDS,
      severity: "warning",
      summary: "{{ $value }} break-glass incidents are open.",
      impact: "The revoked paths stay denied to their readers until access is restored.",
    },
  ];
}
