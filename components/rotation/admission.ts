import { JOBS } from "../../config/rotation.ts";
import type { Settings } from "../../config/schema.ts";
import { type Cel, type Rule, text, texts } from "../external-secrets/admission/cel.ts";
import { policyManifest } from "../external-secrets/admission/policy.ts";

/** Begins the annotation that a rotator sets on the pod templates that it restarts; its key's name follows. */
export const RESTART_ANNOTATION = "vault-management/rotation-";

/** What the API server itself writes at a change, of a DaemonSet an annotation as well. */
const BOOKKEEPING = ["generation", "managedFields", "resourceVersion"];
const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";

/**
 * What a rotator may change of a workload that it restarts: one annotation of the pod template, its own. Kubernetes knows no
 * right to restart, and `patch` lets its holder start any image with any account and Secret of the namespace. Made where
 * some key names workloads; without, no rotator has a right on any.
 */
export function rotatorsPolicies(settings: Settings): readonly ReturnType<typeof policyManifest>[] {
  const { rotation, namespaces } = settings;
  if (rotation === undefined || rotation.keys.every(({ restarts }) => restarts.length === 0)) return [];
  const accounts = `system:serviceaccount:${rotation.namespace}:${JOBS.rotate}`;
  const own = `(${text(RESTART_ANNOTATION)} + request.userInfo.username.substring(${accounts.length}))`;
  return [
    policyManifest(settings, {
      subject: "rotators",
      resources: [
        {
          apiGroups: ["apps"],
          apiVersions: ["v1"],
          resources: ["deployments", "statefulsets", "daemonsets"],
        },
      ],
      namespaces: namespaces.map(({ name }) => name),
      judged: {
        name: "by-a-rotator",
        expression: `request.userInfo.username.startsWith(${text(accounts)})`,
      },
      variables: [
        {
          name: "changed",
          expression: [
            ...changes("metadata", texts([...BOOKKEEPING, "annotations"])),
            ...changes("metadata.annotations", texts([TEMPLATE_GENERATION])),
            ...changes("spec", texts(["template"])),
            ...changes("spec.template", texts(["metadata"])),
            ...changes("spec.template.metadata", texts(["annotations"])),
            ...changes("spec.template.metadata.annotations", `[${own}]`),
          ].join(" + "),
        },
      ],
      structure: [onlyOwnAnnotation(own)],
      declared: [],
    }),
  ];
}

function onlyOwnAnnotation(own: Cel): Rule {
  return {
    field: "workload",
    holds: "size(variables.changed) == 0",
    found: 'variables.changed.join(", ") + " changed by " + request.userInfo.username',
    allowed: `"spec.template.metadata.annotations " + ${own}`,
    fix: "change workloads as whoever deploys them; a rotation restarts them, and nothing else",
  };
}

/**
 * CEL lists: the fields that a map of the object has otherwise than before or anew, and those that it has no more. A creation
 * has nothing before: that is an error, which refuses.
 */
function changes(path: string, except: Cel): readonly Cel[] {
  const [now, before] = ["object", "oldObject"].map((root) => mapAt(root, path));
  const named = `${text(`${path}.`)} + field`;
  return [
    `${now}.filter(field, !(field in ${except}) && !(field in ${before} && ${now}[field] == ${before}[field])).map(field, ${named})`,
    `${before}.filter(field, !(field in ${except}) && !(field in ${now})).map(field, ${named})`,
  ];
}

/** A map of an object, empty where it is not there. */
function mapAt(root: string, path: string): Cel {
  const [first, ...others] = path.split(".");
  return `dyn(${root}).${first}${others.map((field) => `.?${field}`).join("")}${others.length > 0 ? ".orValue({})" : ""}`;
}
