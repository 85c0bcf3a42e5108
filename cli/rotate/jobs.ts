import type { V1CronJob, V1Job } from "@kubernetes/client-node";

/** What the cluster says of a CronJob. */
export interface CronJobFacts {
  /** RFC 3339, like all times here. */
  readonly createdAt: string;
  /** A Job that has not ended. */
  readonly running?: string;
  /** The Job that ended last, where it failed. */
  readonly failed?: { readonly job: string; readonly at: string; readonly reason: string };
}

export interface JobEnd {
  readonly succeeded: boolean;
  readonly at: string;
  readonly reason: string;
}

/** CronJobs by name, each with what its Jobs say: those that it made, and those that a person made of it. */
export function cronJobFacts(
  cronJobs: readonly V1CronJob[],
  jobs: readonly V1Job[],
): ReadonlyMap<string, CronJobFacts> {
  return new Map(
    cronJobs.map(({ metadata }) => {
      const own = jobs.filter((job) => ownerOf(job) === metadata?.name);
      const running = own.find((job) => jobEnd(job) === undefined)?.metadata?.name;
      const ended = own.flatMap((job) => {
        const end = jobEnd(job);
        return end === undefined ? [] : [{ job: job.metadata?.name ?? "", ...end }];
      });
      const last = ended.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))[0];
      const failed = last === undefined || last.succeeded ? undefined : last;
      return [
        metadata?.name ?? "",
        {
          createdAt: metadata?.creationTimestamp?.toISOString() ?? "",
          ...(running === undefined ? {} : { running }),
          ...(failed === undefined
            ? {}
            : { failed: { job: failed.job, at: failed.at, reason: failed.reason } }),
        },
      ];
    }),
  );
}

/** How a Job ended; `undefined` while it runs. */
export function jobEnd({ status }: V1Job): JobEnd | undefined {
  const end = status?.conditions?.find(
    ({ type, status: holds }) => (type === "Complete" || type === "Failed") && holds === "True",
  );
  if (end === undefined) return undefined;
  return {
    succeeded: end.type === "Complete",
    at: (end.lastTransitionTime ?? status?.completionTime)?.toISOString() ?? "",
    reason: [end.reason, end.message].filter((text) => text !== undefined && text !== "").join(": "),
  };
}

/** A Job as the CronJob would make it, marked as a person's: what `kubectl create job --from` makes. */
export function manualJob({ metadata, spec }: V1CronJob): V1Job {
  const name = metadata?.name ?? "";
  const template = spec?.jobTemplate;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      generateName: `${name}-`,
      labels: { ...template?.metadata?.labels },
      annotations: { ...template?.metadata?.annotations, "cronjob.kubernetes.io/instantiate": "manual" },
      ownerReferences: [
        { apiVersion: "batch/v1", kind: "CronJob", name, uid: metadata?.uid ?? "", controller: true },
      ],
    },
    ...(template?.spec === undefined ? {} : { spec: template.spec }),
  };
}

function ownerOf({ metadata }: V1Job): string | undefined {
  return metadata?.ownerReferences?.find(({ kind }) => kind === "CronJob")?.name;
}
