import type { Settings } from "../../../config/schema.ts";
import { type Exported, grown, maxBy, offset, series } from "./promql.ts";
import { type Alert, EVENT_SECONDS } from "./rule.ts";

/** Vault stops answering when no device can write: with one alone, the next failure is an outage. */
const FEWEST_DEVICES = 2;

/** Of the audit devices, as the exporter finds them. */
export function deviceAlerts(
  exported: Exported,
  { vault }: Pick<Settings, "vault">,
  forSeconds: number,
): readonly Alert[] {
  const wanted = Math.max(FEWEST_DEVICES, Object.keys(vault.auditDevices).length);
  return [
    {
      alert: "AuditDevicesTooFew",
      expr: `max(${exported("audit_devices")}) < ${wanted}`,
      forSeconds,
      severity: "critical",
      summary: `Vault has {{ $value }} audit devices, and ${wanted} are wanted.`,
      impact: "When the last device cannot write, Vault answers nobody; without any, nothing is recorded.",
    },
    {
      alert: "AuditDeviceFailing",
      expr: grown(exported("audit_failures_total"), [], EVENT_SECONDS),
      forSeconds: 0,
      severity: "critical",
      summary: "Vault could not write to an audit device.",
      impact: "The trail has a gap there; when no device can write any more, Vault answers nobody.",
    },
    {
      alert: "VaultTelemetryMissing",
      expr: `max(${exported("vault_telemetry")}) == 0`,
      forSeconds,
      severity: "warning",
      summary: "Vault keeps no metrics of its own: nobody counts what it could not audit.",
      impact: "AuditDeviceFailing cannot fire: a device that fails is first told of when the last one does.",
    },
  ];
}

/** Three times the pause between two of ESO's looks at a store: each of them logs in, and so writes a line. */
const SILENCE_SECONDS = 900;

/** Of the readers beside the Vault nodes, as Prometheus knows them, and of the logs that they follow. */
export function readerAlerts(readers: readonly string[], forSeconds: number): readonly Alert[] {
  const missing = readers.map((instance) => `absent(${series("up", { instance })})`);
  const up = series("up", { instance: readers });
  const newest = `max(${series("vault_management_audit_reader_last_entry_timestamp_seconds", { instance: readers })})`;
  return [
    {
      alert: "AuditReaderSilent",
      expr: [
        `${maxBy(["instance"], up)} == 0`,
        ...missing,
        // Standby nodes send requests on to the active one and log none: of all readers one must have something new.
        `time() - ${newest} > ${SILENCE_SECONDS}`,
        // One that follows a file which nobody writes has seen none since it began.
        `max(${up} ${offset(SILENCE_SECONDS)}) == 1 unless ${newest}`,
      ].join(" or "),
      forSeconds,
      severity: "critical",
      summary:
        "Nothing comes from {{ with $labels.instance }}the audit reader {{ . }}{{ else }}Vault's audit logs{{ end }}.",
      impact: "A use of break-glass, of a root token, or a read that Vault denied would not be told of.",
    },
    {
      alert: "UnexpectedDeniedReads",
      expr: grown(
        series("vault_management_denied_requests_total", { instance: readers, denied: "unexpected" }),
        ["login", "mount", "operation"],
        EVENT_SECONDS,
      ),
      forSeconds: 0,
      severity: "warning",
      summary: "Vault denied {{ $labels.login }} a {{ $labels.operation }} on {{ $labels.mount }}.",
      impact:
        "Either somebody tries what they may not, or a workload lacks a right and goes without its secret.",
    },
  ];
}
