import { isDeepStrictEqual } from "node:util";
import { refOf } from "../../../clients/kubernetes.ts";
import { type Fields, fieldsOf, requiredText } from "../../../resources/values.ts";
import { until } from "../../processes/until.ts";
import type { ChangeAction } from "../engine.ts";
import type { KubernetesClient } from "./kubernetes-client.ts";

/** Marks what this engine made, and may therefore delete; its value is the environment of the stack. */
export const ownerLabel = "sandbox.vault-management/owner";

const readyTimeoutMs = 60_000;

/**
 * Brings one Kubernetes object to its inputs by server-side apply, and waits until others can build on it: a namespace
 * that is active, a CRD that is served. Whether an ExternalSecret is Ready is the program's own to await.
 */
export async function applyKubernetes(
  kubernetes: KubernetesClient,
  inputs: Fields,
  owner: string,
): Promise<{ readonly id: string; readonly action: ChangeAction }> {
  requiredText(fieldsOf(inputs.metadata), "name");
  const object = owned(inputs, owner);
  const ref = refOf(object);
  const before = await kubernetes.read(ref);
  const after = await kubernetes.apply(object);
  const usable = isUsable[ref.kind];
  if (usable !== undefined && !usable(after)) {
    await until(
      `${ref.kind} ${ref.name} was ready`,
      { deadlineMs: readyTimeoutMs, intervalMs: 200 },
      async () => (usable((await kubernetes.read(ref)) ?? {}) ? true : undefined),
    );
  }
  const id = ref.namespace === undefined ? ref.name : `${ref.namespace}/${ref.name}`;
  return { id, action: actionOf(before, after) };
}

const isUsable: Readonly<Record<string, (object: Fields) => boolean>> = {
  Namespace: (object) => fieldsOf(object.status).phase === "Active",
  CustomResourceDefinition: (object) => hasCondition(object, "Established"),
};

export function hasCondition(object: Fields, type: string): boolean {
  const conditions = fieldsOf(object.status).conditions;
  return (
    Array.isArray(conditions) &&
    conditions.map(fieldsOf).some((one) => one.type === type && one.status === "True")
  );
}

function owned(inputs: Fields, owner: string): Fields {
  const metadata = fieldsOf(inputs.metadata);
  const labels = { ...fieldsOf(metadata.labels), [ownerLabel]: owner };
  return { ...inputs, metadata: { ...metadata, labels } };
}

function actionOf(before: Fields | undefined, after: Fields): ChangeAction {
  if (before === undefined) return "created";
  return isDeepStrictEqual(declaredPart(before), declaredPart(after)) ? "same" : "updated";
}

/** An object without what the servers write by themselves at any time. */
function declaredPart(object: Fields): Fields {
  const { status: _, metadata, ...rest } = object;
  const {
    resourceVersion: _version,
    managedFields: _fields,
    generation: _generation,
    ...kept
  } = fieldsOf(metadata);
  return { ...rest, metadata: kept };
}
