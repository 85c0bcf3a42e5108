import { isDeepStrictEqual } from "node:util";
import * as k8s from "@kubernetes/client-node";
import { OPERATORS_LABEL, operatorManifests } from "../../access/operators/kubernetes.ts";
import type { Manifest } from "../../access/operators/manifest.ts";
import type { Settings } from "../../config/schema.ts";
import { clusterLeftovers } from "./cluster-leftovers.ts";
import type { BootstrapChange } from "./plan.ts";

const FIELD_MANAGER = "vault-management-bootstrap";

/** Kinds that bootstrap makes, in the order in which what is declared no more is removed: rights before what confines them. */
const KINDS = [
  ["rbac.authorization.k8s.io/v1", "ClusterRoleBinding"],
  ["rbac.authorization.k8s.io/v1", "ClusterRole"],
  ["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"],
  ["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"],
] as const;

export interface ClusterStep extends BootstrapChange {
  readonly manifest: Manifest;
}

/**
 * What stands between the cluster and the declared operators. Every object is applied as a dry run, so that a right that is
 * missing, or a kind that the cluster does not have, shows before anything is changed.
 * @throws Error that names the object and gives the API server's own reason
 */
export async function planKubernetes(
  config: k8s.KubeConfig,
  settings: Settings,
): Promise<readonly ClusterStep[]> {
  const api = k8s.KubernetesObjectApi.makeApiClient(config);
  const desired = operatorManifests(settings, await clusterLeftovers(config, settings));
  const steps: ClusterStep[] = [];
  for (const manifest of desired) steps.push(await stepTo(api, manifest));
  return [...steps, ...(await withdrawn(api, settings.environment, desired))];
}

/**
 * Sets up the declared operators' ClusterRoles, bindings and admission policies by server-side apply, and removes those of
 * operators who are declared no more.
 * @returns what was done, `keep` included
 */
export async function applyKubernetes(
  config: k8s.KubeConfig,
  settings: Settings,
  report: (change: BootstrapChange) => void = () => {},
): Promise<readonly BootstrapChange[]> {
  const api = k8s.KubernetesObjectApi.makeApiClient(config);
  const done: BootstrapChange[] = [];
  for (const { manifest, ...change } of await planKubernetes(config, settings)) {
    if (change.action === "remove") await failingAs(manifest, () => api.delete(objectOf(manifest)));
    else if (change.action !== "keep") await apply(api, manifest);
    report(change);
    done.push(change);
  }
  return done;
}

async function stepTo(api: k8s.KubernetesObjectApi, manifest: Manifest): Promise<ClusterStep> {
  const before = await found(api, manifest);
  const after = await apply(api, manifest, "All");
  const fields = before === undefined ? [] : changedFields(before, after);
  const action = before === undefined ? "create" : fields.length > 0 ? "change" : "keep";
  return { kind: manifest.kind, path: manifest.metadata.name, action, fields, manifest };
}

/** Objects of ours, by their label, that are not desired. */
async function withdrawn(
  api: k8s.KubernetesObjectApi,
  environment: string,
  desired: readonly Manifest[],
): Promise<readonly ClusterStep[]> {
  const wanted = new Set(desired.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  const listed = await Promise.all(
    KINDS.map(async ([apiVersion, kind]) => {
      const selector = `${OPERATORS_LABEL}=${environment}`;
      const { items } = await failingAs({ kind, metadata: { name: "(all)" } }, () =>
        api.list(apiVersion, kind, undefined, undefined, undefined, undefined, undefined, selector),
      );
      return items.map(({ metadata }) => ({ apiVersion, kind, metadata: { name: metadata?.name ?? "" } }));
    }),
  );
  return listed
    .flat()
    .filter(({ kind, metadata }) => !wanted.has(`${kind} ${metadata.name}`))
    .map((manifest) => ({
      kind: manifest.kind,
      path: manifest.metadata.name,
      action: "remove",
      fields: [],
      manifest,
    }));
}

async function apply(
  api: k8s.KubernetesObjectApi,
  manifest: Manifest,
  dryRun?: "All",
): Promise<k8s.KubernetesObject> {
  return failingAs(manifest, () =>
    api.patch(objectOf(manifest), undefined, dryRun, FIELD_MANAGER, true, k8s.PatchStrategy.ServerSideApply),
  );
}

async function found(
  api: k8s.KubernetesObjectApi,
  manifest: Manifest,
): Promise<k8s.KubernetesObject | undefined> {
  try {
    return await api.read(objectOf(manifest) as { metadata: { name: string } });
  } catch (error) {
    if (error instanceof k8s.ApiException && error.code === 404) return undefined;
    throw reasoned(manifest, error);
  }
}

/** The top-level fields that differ, apart from what the API server keeps for itself. */
function changedFields(before: k8s.KubernetesObject, after: k8s.KubernetesObject): readonly string[] {
  const [left, right] = [comparable(before), comparable(after)];
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].filter((name) => !isDeepStrictEqual(left[name], right[name]));
}

function comparable(object: k8s.KubernetesObject): Readonly<Record<string, unknown>> {
  const { metadata, ...rest } = JSON.parse(JSON.stringify(object)) as Manifest;
  return { ...rest, status: undefined, labels: metadata.labels };
}

function objectOf(manifest: Manifest): k8s.KubernetesObject {
  return manifest as unknown as k8s.KubernetesObject;
}

async function failingAs<T>(
  manifest: Pick<Manifest, "kind" | "metadata">,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw reasoned(manifest, error);
  }
}

/** The client's own message holds headers and the whole body; the API server's reason is one line of it. */
function reasoned({ kind, metadata }: Pick<Manifest, "kind" | "metadata">, error: unknown): Error {
  const answer = error instanceof k8s.ApiException ? String(error.body) : String(error);
  const message = /"message":"((?:[^"\\]|\\.)*)"/.exec(answer)?.[1] ?? answer;
  return new Error(`Kubernetes, ${kind} ${metadata.name}: ${message}`, { cause: error });
}
