import type { PolicyRule } from "../../components/external-secrets/rbac.ts";
import type { Settings } from "../../config/schema.ts";
import { admissionPolicy, everyWrite } from "./admission.ts";
import type { ClusterSubject, Manifest } from "./manifest.ts";
import { OPERATOR_PREFIX } from "./names.ts";

const ESO = "external-secrets.io";

/**
 * To say what reads a path and what will stop, and to remove the Secrets that ESO wrote, by name: without `get`, so that no
 * value is read. Service accounts for their UIDs, by which Vault knows a login.
 */
export function breakGlassClusterRules(settings: Settings): PolicyRule[] {
  return [
    ...byName("", "secrets", ["delete"], targets(settings)),
    { apiGroups: [ESO], resources: ["externalsecrets", "secretstores"], verbs: ["get", "list"] },
    { apiGroups: [""], resources: ["serviceaccounts"], verbs: ["get", "list"] },
    { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
    { apiGroups: ["apps"], resources: ["deployments", "statefulsets", "daemonsets"], verbs: ["list"] },
  ];
}

/** To have ESO sync again at once, which an annotation does. */
export function breakGlassRestoreClusterRules(settings: Settings): PolicyRule[] {
  return [
    { apiGroups: [ESO], resources: ["externalsecrets"], verbs: ["get", "list"] },
    ...byName(ESO, "externalsecrets", ["patch"], externalSecrets(settings)),
  ];
}

/** RBAC knows names, and no namespace without a binding in it: this holds the deletions to the Secrets that are declared. */
export function removalsPolicy(settings: Settings, breakGlass: ClusterSubject): readonly Manifest[] {
  return admissionPolicy(`${OPERATOR_PREFIX}-${settings.environment}-break-glass-removals`, {
    rule: { ...everyWrite, scope: "Namespaced" },
    subjects: [breakGlass],
    expression: [
      'request.resource.resource == "secrets"',
      'request.operation == "DELETE"',
      `${PLACE} in ${JSON.stringify(targets(settings).map(placeText))}`,
    ].join(" && "),
    message: "break-glass removes the declared Secrets, and writes nothing else",
  });
}

/** An ExternalSecret that says another path, or that is another stack's by its label, would be more than the one before. */
export function resyncsPolicy(settings: Settings, restore: ClusterSubject): readonly Manifest[] {
  const unchanged = ["labels", "finalizers", "ownerReferences"].map(
    (field) =>
      `(has(object.metadata.${field}) ? [object.metadata.${field}] : []) == ` +
      `(has(oldObject.metadata.${field}) ? [oldObject.metadata.${field}] : [])`,
  );
  return admissionPolicy(`${OPERATOR_PREFIX}-${settings.environment}-break-glass-resyncs`, {
    rule: { ...everyWrite, scope: "Namespaced" },
    subjects: [restore],
    expression: [
      'request.resource.resource == "externalsecrets"',
      'request.operation == "UPDATE"',
      `${PLACE} in ${JSON.stringify(externalSecrets(settings).map(placeText))}`,
      "object.spec == oldObject.spec",
      ...unchanged,
    ].join(" && "),
    message: "break-glass-restore changes annotations of the declared ExternalSecrets, and nothing else",
  });
}

/** CEL: `<namespace>/<name>` of what is written. */
const PLACE = '(request.namespace + "/" + request.name)';

interface Place {
  readonly namespace: string;
  readonly name: string;
}

/** The Secrets that ESO writes. */
function targets(settings: Settings): readonly Place[] {
  return places(settings, ({ target }) => target);
}

function externalSecrets(settings: Settings): readonly Place[] {
  return places(settings, ({ name }) => name);
}

type Secret = Settings["namespaces"][number]["services"][number]["secrets"][number];

function places({ namespaces }: Settings, nameOf: (secret: Secret) => string): readonly Place[] {
  return namespaces.flatMap((namespace) =>
    namespace.services.flatMap(({ secrets }) =>
      secrets.map((secret) => ({ namespace: namespace.name, name: nameOf(secret) })),
    ),
  );
}

function placeText({ namespace, name }: Place): string {
  return `${namespace}/${name}`;
}

function byName(
  apiGroup: string,
  resource: string,
  verbs: string[],
  named: readonly Place[],
): readonly PolicyRule[] {
  const resourceNames = [...new Set(named.map(({ name }) => name))].toSorted();
  // A rule without names would hold for every name.
  return resourceNames.length === 0
    ? []
    : [{ apiGroups: [apiGroup], resources: [resource], resourceNames, verbs }];
}
