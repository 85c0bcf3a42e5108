import * as k8s from "@kubernetes/client-node";
import { newestOf } from "../../../components/external-secrets/events.ts";
import { API_VERSION, OWNER_LABEL } from "../../../components/external-secrets/metadata.ts";
import { releaseName } from "../../../components/external-secrets/values.ts";
import type { Settings } from "../../../config/schema.ts";
import type { DeclaredSync } from "../../../freshness/declared.ts";
import { attempt, withTimeout } from "../../../preflight/cluster-reader.ts";
import { inParallel } from "../../in-parallel.ts";
import type { Eso } from "../document.ts";
import { failingIn } from "../judge/secrets.ts";
import { type Live, readyOf } from "../live.ts";
import { type Seen, seen } from "../seen.ts";

/** Milliseconds for one request: a person waits. */
const TIMEOUT_MS = 5_000;

/** What the cluster says of ESO and of the stack's objects. */
export interface ClusterFacts {
  readonly operator: Seen<Eso>;
  readonly stores: Seen<readonly Live[]>;
  readonly externalSecrets: Seen<readonly Live[]>;
  /** Namespace -> what ESO warned of there, by `<kind>/<name>`; only where something fails. */
  readonly warnings: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

const NAMESPACES_AT_ONCE = 8;

/** Three requests, and one more for each namespace in which something fails. */
export async function clusterFacts(
  { externalSecrets, environment }: Pick<Settings, "externalSecrets" | "environment">,
  kubernetes: Seen<k8s.KubeConfig>,
  syncs: readonly DeclaredSync[],
): Promise<ClusterFacts> {
  if ("unseen" in kubernetes) {
    return { operator: kubernetes, stores: kubernetes, externalSecrets: kubernetes, warnings: new Map() };
  }
  const cluster = new StatusCluster(kubernetes.found);
  const [operator, stores, secrets] = await Promise.all([
    seen(() => cluster.operator(externalSecrets)),
    seen(() => cluster.objects("secretstores", environment)),
    seen(() => cluster.objects("externalsecrets", environment)),
  ]);
  const troubled = [
    ...("found" in stores ? stores.found : [])
      .filter((store) => readyOf(store)?.status === "False")
      .map(({ metadata }) => metadata.namespace ?? ""),
    ...failingIn(syncs, "found" in secrets ? secrets.found : []).map(({ namespace }) => namespace),
  ];
  const warnings = await inParallel([...new Set(troubled)], NAMESPACES_AT_ONCE, async (namespace) => {
    return [namespace, await cluster.warnings(namespace)] as const;
  });
  return { operator, stores, externalSecrets: secrets, warnings: new Map(warnings) };
}

/** What a status asks the cluster, by the caller's own rights. Each method throws an Error that says what it needs. */
export class StatusCluster {
  readonly #apps: k8s.AppsV1Api;
  readonly #core: k8s.CoreV1Api;
  readonly #custom: k8s.CustomObjectsApi;

  constructor(config: k8s.KubeConfig) {
    const impatient = withTimeout(config, TIMEOUT_MS);
    this.#apps = new k8s.AppsV1Api(impatient);
    this.#core = new k8s.CoreV1Api(impatient);
    this.#custom = new k8s.CustomObjectsApi(impatient);
  }

  /** ESO's Deployment; nothing of it where there is none. */
  async operator({ namespace }: Pick<Settings["externalSecrets"], "namespace">): Promise<Eso> {
    const deployment = await attempt(() =>
      this.#apps.readNamespacedDeployment({ namespace, name: releaseName }),
    );
    if (typeof deployment === "string") throw lacking("get", `deployments in ${namespace}`, deployment);
    return operatorOf(deployment);
  }

  /** All of this environment's objects of a kind, in one request. */
  async objects(plural: "secretstores" | "externalsecrets", environment: string): Promise<readonly Live[]> {
    const [group = "", version = ""] = API_VERSION.split("/");
    const labelSelector = `${OWNER_LABEL}=${environment}`;
    const list = await attempt<object>(() =>
      this.#custom.listClusterCustomObject({ group, version, plural, labelSelector }),
    );
    if (list === undefined) throw new Error("ESO's definitions are not installed: pulumi up installs them");
    if (typeof list === "string") throw lacking("list", `${plural}.${group}`, list);
    return (list as { readonly items: readonly Live[] }).items;
  }

  /** `<kind>/<name>` -> the newest warning about it: ESO tells a cause there that conditions do not have. */
  async warnings(namespace: string): Promise<ReadonlyMap<string, string>> {
    const fieldSelector = "type=Warning";
    const events = await attempt(() => this.#core.listNamespacedEvent({ namespace, fieldSelector }));
    return typeof events === "object" ? newestOf(events.items) : new Map();
  }
}

function operatorOf(deployment: k8s.V1Deployment | undefined): Eso {
  const { spec, status } = deployment ?? {};
  const image = spec?.template.spec?.containers[0]?.image ?? "";
  const condition = status?.conditions?.find(({ type }) => type === "Available");
  return {
    desired: deployment === undefined ? 0 : (spec?.replicas ?? 1),
    available: status?.availableReplicas ?? 0,
    version: /:([^:@/]+)(@|$)/.exec(image)?.[1] ?? null,
    since: condition?.lastTransitionTime?.toISOString() ?? null,
  };
}

/** An API server says of a refusal what it refused; of anything else the words are enough. */
function lacking(verb: string, what: string, why: string): Error {
  return new Error(
    /^40[13] /.test(why) ? `Kubernetes refused: this needs the right to ${verb} ${what}` : why,
  );
}
