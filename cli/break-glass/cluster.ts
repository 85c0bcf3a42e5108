import { setTimeout } from "node:timers/promises";
import * as k8s from "@kubernetes/client-node";
import { attempt } from "../../preflight/cluster-reader.ts";
import { type Recorder, withoutQuery } from "./recorder.ts";
import { podsMounting, type Workload } from "./workloads.ts";

/** Milliseconds for one request; and for the first, after which a cluster that has not answered counts as down. */
const TIMEOUT_MS = 15_000;
const PATIENCE_MS = 5_000;

const EXTERNAL_SECRETS = { group: "external-secrets.io", version: "v1", plural: "externalsecrets" } as const;

/** What became of a Secret; a text says why nothing did. */
export type Deleted = "deleted" | "absent" | { readonly why: string };

/** The cluster by the operator's own rights; every request is recorded with the API server's audit id. */
export class BreakGlassCluster {
  readonly #core: k8s.CoreV1Api;
  readonly #custom: k8s.CustomObjectsApi;
  readonly #authentication: k8s.AuthenticationV1Api;
  readonly #authorization: k8s.AuthorizationV1Api;

  constructor(config: k8s.KubeConfig, recorder: Recorder) {
    const recorded = recording(config, recorder);
    this.#core = new k8s.CoreV1Api(recorded);
    this.#custom = new k8s.CustomObjectsApi(recorded);
    this.#authentication = new k8s.AuthenticationV1Api(recorded);
    this.#authorization = new k8s.AuthorizationV1Api(recorded);
  }

  /** Whom the API server takes us for; a text that says why it does not answer. */
  async user(): Promise<{ readonly name: string } | string> {
    const review = await attempt(() =>
      Promise.race([this.#authentication.createSelfSubjectReview({ body: {} }), tooLate()]),
    );
    if (typeof review !== "object") return review ?? "404";
    return { name: review.status?.userInfo?.username ?? "unknown" };
  }

  /** Whether we may delete a Secret; a text that says why that cannot be asked. */
  async mayDelete(namespace: string, name: string): Promise<boolean | string> {
    const resourceAttributes = { namespace, name, verb: "delete", resource: "secrets" };
    const review = await attempt(() =>
      this.#authorization.createSelfSubjectAccessReview({ body: { spec: { resourceAttributes } } }),
    );
    return typeof review === "object" ? (review.status?.allowed ?? false) : (review ?? "404");
  }

  /** Under which name Vault will know an account that logs in; `undefined` where there is no such account. */
  async accountUid(namespace: string, name: string): Promise<string | undefined | { readonly why: string }> {
    const account = await attempt(() => this.#core.readNamespacedServiceAccount({ namespace, name }));
    return typeof account === "string" ? { why: account } : account?.metadata?.uid;
  }

  /** Workloads whose pods take a Secret, as files or environment; a text that says why they cannot be seen. */
  async workloads(namespace: string, secret: string): Promise<readonly Workload[] | string> {
    const pods = await attempt(() => this.#core.listNamespacedPod({ namespace }));
    return typeof pods === "object" ? podsMounting(pods.items, secret) : (pods ?? "404");
  }

  /** @param rehearsal asks the API server to do all but delete it */
  async deleteSecret(namespace: string, name: string, rehearsal = false): Promise<Deleted> {
    const dryRun = rehearsal ? { dryRun: "All" } : {};
    const answer = await attempt(() => this.#core.deleteNamespacedSecret({ namespace, name, ...dryRun }));
    if (answer === undefined) return "absent";
    return typeof answer === "string" ? { why: answer } : "deleted";
  }

  /** Makes ESO read Vault now instead of at its next refresh; a text that says why it cannot be asked to. */
  async nudge(namespace: string, name: string): Promise<string | undefined> {
    const body = { metadata: { annotations: { "force-sync": String(Date.now()) } } };
    const merge = k8s.setHeaderOptions("Content-Type", k8s.PatchStrategy.MergePatch);
    const answer = await attempt(
      () =>
        this.#custom.patchNamespacedCustomObject(
          { ...EXTERNAL_SECRETS, namespace, name, body },
          merge,
        ) as Promise<object>,
    );
    if (answer === undefined) return `there is no ExternalSecret ${namespace}/${name}`;
    return typeof answer === "string" ? answer : undefined;
  }
}

async function tooLate(): Promise<never> {
  await setTimeout(PATIENCE_MS, undefined, { ref: false });
  throw new Error(`no answer within ${PATIENCE_MS / 1_000} s`);
}

/** What `makeApiClient` would give, impatient, and telling of each answer. */
function recording(config: k8s.KubeConfig, recorder: Recorder): k8s.Configuration {
  return k8s.createConfiguration({
    baseServer: new k8s.ServerConfiguration(config.getCurrentCluster()?.server ?? "", {}),
    authMethods: { default: config },
    httpApi: k8s.wrapHttpLibrary({
      send: async (request) => {
        request.setSignal(AbortSignal.timeout(TIMEOUT_MS));
        const asked = {
          system: "kubernetes" as const,
          at: new Date().toISOString(),
          method: String(request.getHttpMethod()),
          target: withoutQuery(request.getUrl()),
        };
        try {
          const answer = await new k8s.IsomorphicFetchHttpLibrary().send(request).toPromise();
          recorder.add({ ...asked, status: answer.httpStatusCode, id: answer.headers["audit-id"] ?? null });
          return answer;
        } catch (error) {
          recorder.add({ ...asked, status: null, id: null });
          throw error;
        }
      },
    }),
  });
}
