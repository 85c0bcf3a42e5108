import type { Settings } from "../../../config/schema.ts";
import { durationText } from "../../../config/values.ts";

/** An alert as Prometheus takes it. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** `critical` wakes somebody up: consumers or the trail suffer now, or soon. `warning` can wait until the morning. */
export type Severity = "warning" | "critical";

/** An alert before it is known whose it is and where its runbook stands. */
export interface Alert {
  readonly alert: string;
  readonly expr: string;
  /** How long `expr` has to hold before somebody is told. */
  readonly forSeconds: number;
  readonly severity: Severity;
  /** What is wrong, with the labels of the series; one sentence. */
  readonly summary: string;
  /** Who notices, and when; one sentence. */
  readonly impact: string;
  /** Beside severity and environment. @default none */
  readonly labels?: Readonly<Record<string, string>>;
}

/** How long something that happens once stays an alert: long enough for Prometheus to tell, and for a person to be reached. */
export const EVENT_SECONDS = 900;

/** What each alert is told apart by and led to. */
export type AlertOwner = Pick<Settings, "environment" | "monitoring">;

export function alertRule({ environment, monitoring }: AlertOwner, alert: Alert): AlertRule {
  return {
    alert: alert.alert,
    expr: alert.expr,
    for: durationText(alert.forSeconds * 1_000),
    labels: { severity: alert.severity, environment, ...alert.labels },
    annotations: {
      summary: alert.summary,
      impact: alert.impact,
      runbook: `${monitoring.runbookUrl}#${anchor(alert.alert)}`,
    },
  };
}

/** Where the alert's section stands on the page: each has its name as its heading. */
export function anchor(alert: string): string {
  return alert.toLowerCase();
}
