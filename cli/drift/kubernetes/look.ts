import type { KubernetesReader } from "../../../clients/kubernetes.ts";
import type { Fields } from "../../../resources/values.ts";
import { type Declared, type Looked, resourceOf } from "../finding.ts";
import { lookAtAll, type Outcome } from "../look.ts";
import { objectFindings, objectName } from "./object.ts";
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

async function lookAt(kubernetes: KubernetesReader, declared: Declared): Promise<Outcome> {
  if (declared.type === HELM) return releaseFindings(kubernetes, declared);
  if (!isObject(declared.inputs)) return { notLookedAt: "there is no reader for its type" };
  return objectFindings(kubernetes, declared.inputs, resourceOf(declared));
}

function isObject(inputs: Fields): boolean {
  return typeof inputs.kind === "string" && typeof inputs.apiVersion === "string";
}
