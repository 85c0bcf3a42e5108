import { type KubernetesReader, refOf } from "../../../clients/kubernetes.ts";
import type { Fields } from "../../../resources/values.ts";
import { type Declared, type FieldDifference, type Finding, type Looked, resourceOf } from "../finding.ts";
import { lookAtAll, type Outcome } from "../look.ts";
import { objectDifferences } from "./compare.ts";
import { addedFields, holderOf } from "./managers.ts";
import { releaseFindings, releaseName } from "./release.ts";

const HELM = "kubernetes:helm.sh/v3:Release";

/** Holds every declared object against what the API server has; of a Helm release what it is, and each of its objects. */
export function lookAtKubernetes(
  kubernetes: KubernetesReader,
  declared: readonly Declared[],
  report: (line: string) => void,
): Promise<Looked> {
  return lookAtAll(declared, {
    server: "Kubernetes",
    what: nameOf,
    look: (one) => lookAt(kubernetes, one),
    report,
  });
}

function nameOf(declared: Declared): string {
  if (declared.type === HELM) return releaseName(declared.inputs);
  return isObject(declared.inputs) ? objectName(declared.inputs) : resourceOf(declared);
}

/** `<kind> <namespace>/<name>` */
export function objectName(object: Fields): string {
  const { kind, namespace, name } = refOf(object);
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

async function lookAt(kubernetes: KubernetesReader, declared: Declared): Promise<Outcome> {
  if (declared.type === HELM) return releaseFindings(kubernetes, declared);
  if (!isObject(declared.inputs)) return { notLookedAt: "there is no reader for its type" };
  return objectFindings(kubernetes, declared.inputs, resourceOf(declared));
}

function isObject(inputs: Fields): boolean {
  return typeof inputs.kind === "string" && typeof inputs.apiVersion === "string";
}

/** What of one object is not as declared. */
export async function objectFindings(
  kubernetes: KubernetesReader,
  object: Fields,
  resource: string | undefined,
): Promise<readonly Finding[]> {
  const finding = {
    server: "Kubernetes",
    what: objectName(object),
    ...(resource === undefined ? {} : { resource }),
  } as const;
  const live = await kubernetes.read(refOf(object));
  if (live === undefined) return [{ ...finding, drift: "missing", fields: [] }];
  const fields = [
    ...objectDifferences(object, live).map((one) => withHolder(one, live)),
    ...addedFields(object, live),
  ];
  return fields.length === 0 ? [] : [{ ...finding, drift: "changed", fields }];
}

function withHolder(difference: FieldDifference, live: Fields): FieldDifference {
  const by = holderOf(live, difference.field);
  return by === undefined ? difference : { ...difference, by };
}
