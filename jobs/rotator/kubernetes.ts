import { createHash } from "node:crypto";
import { z } from "zod";
import { type HttpAnswer, HttpClient, type HttpMethod, NoAnswerError } from "../shared/http.ts";
import type { ClusterConnection } from "../shared/pod.ts";
import { RotationError } from "./errors.ts";
import { retrying } from "./retry.ts";
import { type Limits, RESOURCES, type RotationSpec } from "./spec.ts";

export type Consumer = RotationSpec["consumers"][number];
export type Workload = RotationSpec["restarts"][number];

/** What ESO says of an ExternalSecret. `synced` names the generation and metadata that it last synced. */
export interface SyncStatus {
  readonly uid: string;
  readonly ready: boolean;
  readonly message: string;
  readonly synced: string;
}

export interface RotationEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly note: string;
  readonly time: Date;
}

const tokenAnswer = z.object({ status: z.object({ token: z.string().min(1) }) });
const condition = z.object({ type: z.string(), status: z.string(), message: z.string().optional() });
const externalSecret = z.object({
  metadata: z.object({ uid: z.string() }),
  status: z
    .object({
      syncedResourceVersion: z.string().optional(),
      conditions: z.array(condition).optional(),
    })
    .optional(),
});
const apiStatus = z.object({ message: z.string().optional() });

/** The least that Kubernetes issues. */
const TOKEN_SECONDS = 600;
const MERGE_PATCH = { "content-type": "application/merge-patch+json" };

interface AskOptions {
  /** Statuses that are no error beside 2xx. */
  readonly alsoFine?: readonly number[];
  readonly headers?: Readonly<Record<string, string>>;
  /** @default the limit of the specification */
  readonly retrySeconds?: number;
}

/** The few requests to the Kubernetes API that a rotation makes, as its own service account. */
export class RotationCluster {
  readonly #connection: ClusterConnection;
  readonly #http: HttpClient;
  readonly #retrySeconds: number;

  constructor(connection: ClusterConnection, limits: Limits) {
    this.#connection = connection;
    this.#retrySeconds = limits.retry;
    this.#http = new HttpClient({ timeoutMs: limits.request * 1_000, caPem: connection.caPem });
  }

  /** A token of the job's own account for Vault. */
  async ownToken({ namespace, serviceAccount }: RotationSpec["account"], audiences: readonly string[]) {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { audiences, expirationSeconds: TOKEN_SECONDS },
    };
    return tokenAnswer.parse((await this.#ask("POST", path, body)).json).status.token;
  }

  /** `undefined` where there is no such ExternalSecret. */
  async syncStatus(consumer: Consumer): Promise<SyncStatus | undefined> {
    const answer = await this.#ask("GET", pathOf(consumer), undefined, { alsoFine: [404] });
    return answer.status === 404 ? undefined : statusOf(answer);
  }

  /**
   * Makes ESO come to an ExternalSecret at once. Gives what it had synced until then: with the annotation changed, it
   * says another `synced` only after a sync that began after this.
   */
  async nudge(consumer: Consumer, value: string): Promise<SyncStatus | undefined> {
    const body = { metadata: { annotations: { "force-sync": value } } };
    const answer = await this.#ask("PATCH", pathOf(consumer), body, {
      alsoFine: [404],
      headers: MERGE_PATCH,
    });
    return answer.status === 404 ? undefined : statusOf(answer);
  }

  /**
   * Restarts a workload's pods, unless its template carries that annotation already.
   * @returns whether there is such a workload
   */
  async restart({ namespace, kind, name }: Workload, annotation: string, value: string): Promise<boolean> {
    const path = `/apis/apps/v1/namespaces/${namespace}/${RESOURCES[kind]}/${name}`;
    const body = { spec: { template: { metadata: { annotations: { [annotation]: value } } } } };
    const { status } = await this.#ask("PATCH", path, body, { alsoFine: [404], headers: MERGE_PATCH });
    return status !== 404;
  }

  /** Records an event about an ExternalSecret, once: what it says is in its name. */
  async event(consumer: Consumer, uid: string, rotation: string, event: RotationEvent): Promise<void> {
    const { namespace, externalSecret: about } = consumer;
    const { type, reason, note, time } = event;
    const hash = createHash("sha256")
      .update(JSON.stringify([rotation, reason, note]))
      .digest("hex");
    const body = {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name: `${about.slice(0, 200)}.${hash.slice(0, 16)}`, namespace },
      eventTime: time.toISOString().replace("Z", "000Z"),
      type,
      reason,
      note: note.slice(0, 1_024),
      action: "Rotate",
      reportingController: "vault-management/rotator",
      reportingInstance: rotation,
      regarding: {
        apiVersion: "external-secrets.io/v1",
        kind: "ExternalSecret",
        namespace,
        name: about,
        uid,
      },
    };
    // Tried once: nothing waits for an event.
    const options = { alsoFine: [409], retrySeconds: 0 };
    await this.#ask("POST", `/apis/events.k8s.io/v1/namespaces/${namespace}/events`, body, options);
  }

  async #ask(
    method: HttpMethod,
    path: string,
    body?: unknown,
    options: AskOptions = {},
  ): Promise<HttpAnswer> {
    const { alsoFine = [], headers = {}, retrySeconds = this.#retrySeconds } = options;
    const { address, token } = this.#connection;
    const request = {
      method,
      url: `${address}${path}`,
      body,
      headers: { ...headers, authorization: `Bearer ${token}` },
    };
    const answer = await retrying(retrySeconds, async () => {
      try {
        const got = await this.#http.send(request);
        return got.status === 429 || got.status >= 500 ? { last: () => got } : { done: got };
      } catch (error) {
        if (!(error instanceof NoAnswerError)) throw error;
        return {
          last: () => {
            throw platform(`${method} ${path}`, error.message);
          },
        };
      }
    });
    if (answer.status < 300 || alsoFine.includes(answer.status)) return answer;
    const message = apiStatus.safeParse(answer.json).data?.message ?? "no reason given";
    throw platform(`${method} ${path}`, `status ${answer.status} (${message})`);
  }
}

function pathOf({ namespace, externalSecret: name }: Consumer): string {
  return `/apis/external-secrets.io/v1/namespaces/${namespace}/externalsecrets/${name}`;
}

function statusOf({ json }: HttpAnswer): SyncStatus {
  const { metadata, status } = externalSecret.parse(json);
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return {
    uid: metadata.uid,
    ready: ready?.status === "True",
    message: ready?.message ?? "not synced yet",
    synced: status?.syncedResourceVersion ?? "",
  };
}

function platform(request: string, found: string): RotationError {
  return new RotationError("platform", {
    field: `Kubernetes ${request}`,
    found,
    allowed: "an API server that answers, and a service account that may",
    fix: "see that the API server is up, and deploy the stack, which writes this rotation's role",
  });
}
