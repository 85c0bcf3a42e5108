import * as k8s from "@kubernetes/client-node";
import { JOBS } from "../../config/rotation.ts";
import type { RotationKey } from "../../config/rotation-settings.ts";
import { attempt, withTimeout } from "../../preflight/cluster-reader.ts";
import { type CronJobFacts, cronJobFacts, manualJob } from "./jobs.ts";

/** One step of a rotation, as the rotator told it about an ExternalSecret. */
export interface StepEvent {
  readonly uid: string;
  readonly reason: string;
  readonly note: string;
}

/** What a pod of a Job is at; `exitCode` once it has ended. */
export interface PodFacts {
  readonly state: string;
  readonly exitCode?: number;
}

const ROTATOR = "vault-management/rotator";

/** The rotations' namespace, by the caller's own rights. */
export class RotationCluster {
  readonly #namespace: string;
  readonly #batch: k8s.BatchV1Api;
  readonly #core: k8s.CoreV1Api;

  constructor(config: k8s.KubeConfig, namespace: string) {
    this.#namespace = namespace;
    const impatient = withTimeout(config);
    this.#batch = new k8s.BatchV1Api(impatient);
    this.#core = new k8s.CoreV1Api(impatient);
  }

  /** Facts by CronJob; or, in words, why they cannot be seen. */
  async facts(): Promise<ReadonlyMap<string, CronJobFacts> | string> {
    const namespace = this.#namespace;
    const cronJobs = await attempt(() => this.#batch.listNamespacedCronJob({ namespace }));
    if (typeof cronJobs !== "object") return cronJobs ?? "404";
    const jobs = await attempt(() => this.#batch.listNamespacedJob({ namespace }));
    if (typeof jobs !== "object") return jobs ?? "404";
    return cronJobFacts(cronJobs.items, jobs.items);
  }

  /**
   * Makes a Job of a key's CronJob.
   * @returns the Job's name
   * @throws Error that says what is missing: the CronJob, or a right
   */
  async start({ name: key }: RotationKey): Promise<string> {
    const namespace = this.#namespace;
    const name = `${JOBS.rotate}${key}`;
    const cronJob = await attempt(() => this.#batch.readNamespacedCronJob({ namespace, name }));
    if (cronJob === undefined) {
      throw new Error(
        `There is no CronJob ${namespace}/${name}: deploy the stack, which makes it (pulumi up)`,
      );
    }
    if (typeof cronJob === "string") throw refused("get", "cronjobs", namespace, cronJob);
    const job = await attempt(() => this.#batch.createNamespacedJob({ namespace, body: manualJob(cronJob) }));
    if (typeof job !== "object") throw refused("create", "jobs", namespace, job ?? "404");
    return job.metadata?.name ?? "";
  }

  async job(name: string): Promise<k8s.V1Job | string | undefined> {
    return attempt(() => this.#batch.readNamespacedJob({ namespace: this.#namespace, name }));
  }

  /** The newest pod of a Job; `undefined` where there is none, or it may not be seen. */
  async newestPod(job: string): Promise<PodFacts | undefined> {
    const labelSelector = `batch.kubernetes.io/job-name=${job}`;
    const pods = await attempt(() =>
      this.#core.listNamespacedPod({ namespace: this.#namespace, labelSelector }),
    );
    if (typeof pods !== "object") return undefined;
    const newest = pods.items.toSorted((a, b) => createdMs(b) - createdMs(a))[0];
    return newest === undefined ? undefined : podFacts(newest);
  }

  /** The rotator's events about a key's ExternalSecrets, the oldest first; a text where they may not be seen. */
  async steps({ consumers }: RotationKey, instance: string): Promise<readonly StepEvent[] | string> {
    const found: k8s.CoreV1Event[] = [];
    for (const { namespace, externalSecret } of consumers) {
      const fieldSelector = `involvedObject.kind=ExternalSecret,involvedObject.name=${externalSecret}`;
      const events = await attempt(() => this.#core.listNamespacedEvent({ namespace, fieldSelector }));
      if (typeof events !== "object") return events ?? "404";
      found.push(...events.items);
    }
    const own = found.filter(
      (one) => one.reportingComponent === ROTATOR && one.reportingInstance === instance,
    );
    return inOrder(own).map(({ metadata, reason = "", message = "" }) => ({
      uid: metadata.uid ?? "",
      reason,
      note: message,
    }));
  }
}

/** Events of one second too: their times say no more, and each write to the cluster has a higher version than the one before. */
export function inOrder(events: readonly k8s.CoreV1Event[]): readonly k8s.CoreV1Event[] {
  const version = ({ metadata }: k8s.CoreV1Event) => Number(metadata.resourceVersion);
  return events.toSorted((a, b) => createdMs(a) - createdMs(b) || version(a) - version(b));
}

function podFacts({ status }: k8s.V1Pod): PodFacts {
  const container = status?.containerStatuses?.[0]?.state;
  const waiting = container?.waiting?.reason;
  const exitCode = container?.terminated?.exitCode;
  return {
    state: waiting === undefined ? (status?.phase ?? "Pending") : `${status?.phase}, ${waiting}`,
    ...(exitCode === undefined ? {} : { exitCode }),
  };
}

function createdMs({ metadata }: { readonly metadata?: k8s.V1ObjectMeta }): number {
  return metadata?.creationTimestamp?.getTime() ?? 0;
}

function refused(verb: string, resource: string, namespace: string, why: string): Error {
  return new Error(
    `Kubernetes refused: ${why}. This needs the right to ${verb} ${resource} in ${namespace} ` +
      "(docs/rotation.md#who-may-do-what). Nothing was started.",
  );
}
