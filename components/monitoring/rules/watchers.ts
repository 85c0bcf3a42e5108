import { staleAfterSeconds } from "../../../freshness/sync.ts";
import { type Exported, maxBy, offset, range, series } from "./promql.ts";
import type { Alert } from "./rule.ts";
import { patienceSeconds } from "./secrets.ts";

/**
 * ESO is not there, or nobody scrapes it; or it is there and has reconciled nothing for so long that every secret of the
 * shortest refresh interval should have been twice.
 */
export function operatorAlerts(shortestRefreshSeconds: number): readonly Alert[] {
  const reconciled = series("controller_runtime_reconcile_total", { controller: "externalsecret" });
  const limit = staleAfterSeconds(shortestRefreshSeconds);
  return [
    {
      alert: "EsoDown",
      expr:
        `absent(${reconciled}) or sum(increase(${reconciled}${range(limit)})) == 0 ` +
        `and count(${reconciled} ${offset(limit)}) > 0`,
      forSeconds: patienceSeconds(shortestRefreshSeconds),
      severity: "critical",
      summary: "The External Secrets Operator does not run, does not work, or is not scraped.",
      impact: "No secret is refreshed and no new one appears; pods keep what they have.",
    },
  ];
}

/** The exporter is not there; or one of its collectors has not succeeded three times in a row. */
export function exporterAlerts(exported: Exported, exporterSeconds: number): readonly Alert[] {
  const success = exported("exporter_last_success_timestamp_seconds");
  return [
    {
      alert: "ExporterDown",
      expr: `absent(${success}) or time() - ${maxBy(["collector"], success)} > ${3 * exporterSeconds}`,
      forSeconds: 2 * exporterSeconds,
      severity: "critical",
      summary:
        "The exporter {{ with $labels.collector }}cannot look at {{ . }}{{ else }}does not run, or is not scraped{{ end }}.",
      impact:
        "What it watches can go wrong without an alert: the age of secrets, keys and certificates, Vault's nodes.",
    },
  ];
}
