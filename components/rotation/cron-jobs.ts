import type { RotationKey, RotationSettings } from "../../config/rotation-settings.ts";
import type { Settings } from "../../config/schema.ts";
import { exitCodes } from "../../jobs/rotator/errors.ts";
import { seconds } from "../durations.ts";
import { type JobFiles, jobMounts } from "../job-mounts.ts";
import { containerSecurity, podSecurity } from "../pod-security.ts";
import { rotationLabels, rotationNames } from "./names.ts";
import { FILES } from "./rotator-spec.ts";
import { finishSchedule, spreadSchedule } from "./schedule.ts";

/** How long a Job may take, its retries included; well above all the patience of one run (see `limitsOf`). */
export const RUN_SECONDS = 1_800;

/**
 * What no retry mends: a person has a key to put. One of a refused key may even find nothing left to do, and end the Job well:
 * nobody would hear of it.
 */
const FINAL = [exitCodes.refusedKey, exitCodes.waiting];

/** How long after its time a rotation may still start, when the cluster could not start it before. */
const LATE_SECONDS = { rotate: 6 * 3_600, finish: 1_800 } as const;

export const JOB_KINDS = ["rotate", "finish"] as const;

export type JobKind = (typeof JOB_KINDS)[number];

/**
 * The CronJob that replaces a key on its schedule, or the one that revokes the previous key when its overlap is over. The
 * name of the Job goes into the environment: its retries are one rotation.
 */
export function cronJob<Name>(
  kind: JobKind,
  settings: Settings,
  rotation: RotationSettings,
  key: RotationKey,
  files: JobFiles<Name>,
) {
  const labels = rotationLabels(settings.environment, key);
  const names = rotationNames(settings, rotation, key);
  return {
    apiVersion: "batch/v1" as const,
    kind: "CronJob" as const,
    metadata: { name: names[kind], namespace: rotation.namespace, labels },
    spec: {
      ...timing(kind, key),
      // Two at once do no harm, but one of them would be for nothing.
      concurrencyPolicy: "Forbid",
      startingDeadlineSeconds: LATE_SECONDS[kind],
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        metadata: { labels },
        spec: {
          activeDeadlineSeconds: RUN_SECONDS,
          backoffLimit: 3,
          podFailurePolicy: {
            rules: [{ action: "FailJob", onExitCodes: { operator: "In", values: FINAL } }],
          },
          template: { metadata: { labels }, spec: pod(kind, settings, rotation, files, names.rotate) },
        },
      },
    },
  };
}

function timing(kind: JobKind, key: RotationKey) {
  if (kind === "finish") {
    return { schedule: finishSchedule(seconds(key.overlap), key.name), timeZone: "Etc/UTC" };
  }
  return { schedule: spreadSchedule(key.schedule, key.name), timeZone: key.timeZone };
}

function pod<Name>(
  kind: JobKind,
  { vault }: Settings,
  { image }: RotationSettings,
  files: JobFiles<Name>,
  serviceAccountName: string,
) {
  const { env, volumeMounts, volumes } = jobMounts(FILES, files, RUN_SECONDS, vault.caCertificate);
  return {
    restartPolicy: "Never",
    serviceAccountName,
    // Mounted by hand, for no longer than a run may last.
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurity,
    containers: [
      {
        name: "rotator",
        image,
        command: ["node", FILES.program, kind, FILES.spec],
        env: [jobName, ...env],
        securityContext: containerSecurity,
        resources: {
          requests: { cpu: "50m", memory: "96Mi" },
          limits: { memory: "256Mi" },
        },
        volumeMounts,
      },
    ],
    volumes,
  };
}

/** The Job's own name, of which the program learns from its environment: see jobs/rotator/main.ts. */
const jobName = {
  name: "ROTATION_JOB",
  valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-name']" } },
};
