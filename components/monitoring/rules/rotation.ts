import type { RotationSettings } from "../../../config/rotation-settings.ts";
import { type Exported, maxBy } from "./promql.ts";
import type { Alert } from "./rule.ts";

/**
 * By what Vault's metadata say of the key's age. The alerts over the CronJobs (../../rotation/alerts.ts) look at the same from
 * the other side: a Job that ends well and rotates nothing is seen here alone.
 */
export function rotationAlerts(
  exported: Exported,
  { keys }: RotationSettings,
  forSeconds: number,
): readonly Alert[] {
  const names = keys.map(({ name }) => name);
  return [
    {
      alert: "RotationOverdue",
      expr: `${maxBy(["key"], exported("rotation_overdue", { key: names }))} == 1`,
      forSeconds,
      severity: "critical",
      summary: "The provider key {{ $labels.key }} is older than its schedule allows.",
      impact: "The key lives longer than it should: who has got hold of it can go on using it.",
    },
  ];
}
