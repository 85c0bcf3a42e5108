import {
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
} from "@kubernetes/client-node";
import { newestOf } from "./events.ts";
import type { LiveObject } from "./judgement.ts";
import { ownLabels } from "./metadata.ts";

export type AwaitedKind = "SecretStore" | "ExternalSecret";

/** The few requests that waiting for readiness takes. */
export interface ReadinessApi {
  /** This stack's objects of a kind in a namespace. */
  list(kind: AwaitedKind, namespace: string): Promise<readonly LiveObject[]>;
  /** Makes ESO come to an object at once, whatever its back-off. */
  nudge(kind: AwaitedKind, namespace: string, name: string): Promise<void>;
  /** `<kind>/<name>` -> the newest warning that was recorded about it; there ESO tells the cause, in conditions it does not. */
  warnings(namespace: string): Promise<ReadonlyMap<string, string>>;
}

const PLURALS: Readonly<Record<AwaitedKind, string>> = {
  SecretStore: "secretstores",
  ExternalSecret: "externalsecrets",
};

/** The requests against the cluster of a kubeconfig context; the kubeconfig is found by the usual rules. */
export function readinessApi(context: string, environment: string): ReadinessApi {
  const config = new KubeConfig();
  config.loadFromDefault();
  config.setCurrentContext(context);
  const objects = config.makeApiClient(CustomObjectsApi);
  const core = config.makeApiClient(CoreV1Api);
  const labelSelector = Object.entries(ownLabels(environment))
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
  return {
    async list(kind, namespace) {
      const list: unknown = await objects.listNamespacedCustomObject({
        ...at(kind, namespace),
        labelSelector,
      });
      return (list as { readonly items: readonly LiveObject[] }).items;
    },
    async nudge(kind, namespace, name) {
      await objects.patchNamespacedCustomObject(
        {
          ...at(kind, namespace),
          name,
          fieldManager: "vault-management-readiness",
          body: { metadata: { annotations: { "force-sync": String(Date.now()) } } },
        },
        setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
      );
    },
    async warnings(namespace) {
      const { items } = await core.listNamespacedEvent({ namespace, fieldSelector: "type=Warning" });
      return newestOf(items);
    },
  };
}

function at(kind: AwaitedKind, namespace: string) {
  return { group: "external-secrets.io", version: "v1", namespace, plural: PLURALS[kind] };
}
