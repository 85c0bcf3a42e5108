import { cadence } from "../../config/cron.ts";
import type { RotationKey, RotationSettings } from "../../config/rotation-settings.ts";
import type { Settings } from "../../config/schema.ts";
import { seconds } from "../durations.ts";
import { type Alert, type AlertRule, alertRule } from "../monitoring/rules/rule.ts";
import { RUN_SECONDS } from "./cron-jobs.ts";
import { rotationLabels, rotationNames } from "./names.ts";
import { finishSchedule } from "./schedule.ts";

/** How much later than its schedule and its longest run a CronJob may succeed before somebody is told, in seconds. */
const GRACE_SECONDS = 3_600;

/**
 * The alerts of one key's rotation, over what kube-state-metrics says of its CronJobs. Overdue ones fire as well where
 * nothing is said: the CronJob is gone, or nobody watches it.
 */
export function rotationAlerts(
  settings: Pick<Settings, "environment" | "vault" | "monitoring">,
  rotation: RotationSettings,
  key: RotationKey,
): readonly AlertRule[] {
  const { rotate, finish } = rotationNames(settings, rotation, key);
  const { namespace } = rotation;
  const live = `${key.live.mount}/${key.live.path}#${key.live.property}`;
  const alerts: readonly Alert[] = [
    {
      alert: "ProviderKeyRotationFailing",
      expr: failing(namespace, [rotate, finish]),
      forSeconds: 300,
      severity: "warning",
      summary: `A Job of {{ $labels.cronjob }} failed, and none has succeeded since: ${live} is not rotated.`,
      impact: "None for consumers yet: the current key stays valid and where it is.",
    },
    {
      alert: "ProviderKeyRotationOverdue",
      expr: overdue(namespace, rotate, longestGap(key.schedule, key.timeZone)),
      forSeconds: 900,
      severity: "critical",
      summary: `${live} has not been rotated for longer than its schedule (${key.schedule}, ${key.timeZone}) allows.`,
      impact: "The key lives longer than it should: who has got hold of it can go on using it.",
    },
    {
      alert: "ProviderKeyRevocationOverdue",
      expr: overdue(namespace, finish, longestGap(finishSchedule(seconds(key.overlap), key.name), "Etc/UTC")),
      forSeconds: 900,
      severity: "warning",
      summary: `Nobody has looked whether the previous key of ${live} is to be revoked.`,
      impact: "A key that was replaced may stay valid at its provider beyond the overlap.",
    },
  ];
  return alerts.map((alert) => alertRule(settings, { ...alert, labels: { rotation: key.name } }));
}

/** The alerts of one key as the Prometheus Operator takes them. */
export function rotationRule(
  settings: Pick<Settings, "environment" | "vault" | "monitoring">,
  rotation: RotationSettings,
  key: RotationKey,
) {
  const { rotate: name } = rotationNames(settings, rotation, key);
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: {
      name,
      namespace: rotation.namespace,
      labels: { ...settings.monitoring.labels, ...rotationLabels(settings.environment, key) },
    },
    spec: { groups: [{ name, rules: rotationAlerts(settings, rotation, key) }] },
  };
}

/** Jobs that failed after the last that succeeded: failed ones are kept, and say nothing once a later one has ended well. */
function failing(namespace: string, cronJobs: readonly string[]): string {
  const owners = `kube_job_owner{namespace="${namespace}", owner_kind="CronJob", owner_name=~"${cronJobs.join("|")}"}`;
  const failed = `kube_job_failed{namespace="${namespace}", condition="true"} == 1`;
  const created = `kube_job_created{namespace="${namespace}"} * on (namespace, job_name) group_left (owner_name) ${owners}`;
  const cronJob = `{namespace="${namespace}", cronjob=~"${cronJobs.join("|")}"}`;
  return [
    `max by (namespace, cronjob) (label_replace((${created}) and on (namespace, job_name) (${failed}), "cronjob", "$1", "owner_name", "(.*)"))`,
    `> on (namespace, cronjob) ${lastSuccess(cronJob)}`,
  ].join(" ");
}

function overdue(namespace: string, cronJob: string, seconds: number): string {
  const selector = `{namespace="${namespace}", cronjob="${cronJob}"}`;
  return `time() - ${lastSuccess(selector)} > ${seconds} or absent(kube_cronjob_created${selector})`;
}

/** When a CronJob last succeeded; when it was made, where it never has. */
function lastSuccess(selector: string): string {
  const newest = (metric: string) => `max by (namespace, cronjob) (${metric}${selector})`;
  return `(${newest("kube_cronjob_status_last_successful_time")} or ${newest("kube_cronjob_created")})`;
}

function longestGap(schedule: string, timeZone: string): number {
  const gap = Math.ceil(cadence(schedule, timeZone).longestGapMs / 1_000);
  return gap + RUN_SECONDS + GRACE_SECONDS;
}
