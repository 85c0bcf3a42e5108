import { KubernetesError, type KubernetesReader, refOf } from "../../../clients/kubernetes.ts";
import { ownLabels } from "../../../components/external-secrets/metadata.ts";
import type { Settings } from "../../../config/schema.ts";
import type { Fields } from "../../../resources/values.ts";
import type { Declared, Finding, Looked, Unseen } from "../finding.ts";
import { objectName } from "./object.ts";

/** The kinds that the program makes, those with rights and logins first. */
const KINDS: readonly (readonly [apiVersion: string, kind: string])[] = [
  ["rbac.authorization.k8s.io/v1", "ClusterRole"],
  ["rbac.authorization.k8s.io/v1", "ClusterRoleBinding"],
  ["rbac.authorization.k8s.io/v1", "Role"],
  ["rbac.authorization.k8s.io/v1", "RoleBinding"],
  ["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"],
  ["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"],
  ["v1", "ServiceAccount"],
  ["external-secrets.io/v1", "SecretStore"],
  ["external-secrets.io/v1", "ExternalSecret"],
  ["generators.external-secrets.io/v1alpha1", "VaultDynamicSecret"],
  ["v1", "Namespace"],
];

/** Those of ESO: in a namespace that the stack has for itself nobody else's belong. */
const ESO_KINDS = KINDS.filter(([apiVersion]) => apiVersion.includes("external-secrets.io"));

/**
 * Objects that carry the stack's labels and are declared by nothing; in the namespaces that the stack has made, ESO's
 * kinds without its labels too: they may log in, and read, as the stack does.
 */
export async function beyondInKubernetes(
  kubernetes: KubernetesReader,
  settings: Settings,
  declared: readonly Declared[],
): Promise<Looked> {
  const known = new Set(declared.map(({ inputs }) => keyOf(inputs)));
  const labels = ownLabels(settings.environment);
  const own = settings.namespaces.filter(({ create }) => create).map(({ name }) => name);
  const searches = [
    ...KINDS.map(([apiVersion, kind]) => ({ apiVersion, kind, selection: { labels } })),
    ...own.flatMap((namespace) =>
      ESO_KINDS.map(([apiVersion, kind]) => ({ apiVersion, kind, selection: { namespace } })),
    ),
  ];
  const results = await Promise.all(
    searches.map(async ({ apiVersion, kind, selection }): Promise<readonly Fields[] | Unseen> => {
      try {
        return await kubernetes.list(apiVersion, kind, selection);
      } catch (error) {
        return unseen(kind, error);
      }
    }),
  );
  const found = new Map(
    results.flatMap((one) => ("why" in one ? [] : one)).map((object) => [keyOf(object), object]),
  );
  return {
    seen: {},
    findings: [...found].filter(([key]) => !known.has(key)).map(([, object]) => undeclared(object)),
    unseen: results.flatMap((one) => ("why" in one ? [one as Unseen] : [])),
  };
}

function undeclared(object: Fields): Finding {
  return { server: "Kubernetes", what: objectName(object), drift: "undeclared", fields: [] };
}

function keyOf(object: Fields): string {
  const { kind, namespace = "", name } = refOf(object);
  return `${kind} ${namespace}/${name}`;
}

function unseen(kind: string, error: unknown): Unseen {
  const status = error instanceof KubernetesError ? `${error.status} ` : "";
  return {
    what: `${kind} objects of the stack that it does not declare`,
    why: `${status}${(error as Error).message}`,
    failed: true,
  };
}
