import { OWNER_LABEL } from "../components/external-secrets/metadata.ts";
import { type Problem, pathText } from "../config/problems.ts";
import type { NamespaceSettings, Settings } from "../config/schema.ts";
import type { ClusterReader, NamespacedKind } from "./cluster-reader.ts";

interface Claim {
  readonly kind: NamespacedKind;
  readonly name: string;
  readonly path: string;
}

/**
 * What the stack would make in its namespaces and somebody else has made already. Kubernetes refuses a second object
 * of one name, but only when the update gets there, with half of it done.
 */
export async function objectProblems(
  reader: Pick<ClusterReader, "objects">,
  { environment, namespaces }: Settings,
): Promise<readonly Problem[]> {
  const problems = await Promise.all(
    namespaces.map(async (namespace) => {
      const claims = claimsOf(namespace);
      const kinds = [...new Set(claims.map(({ kind }) => kind))];
      const taken = await Promise.all(
        kinds.map((kind) => foreign(reader, namespace.name, claims, kind, environment)),
      );
      return taken.flat();
    }),
  );
  return problems.flat();
}

function claimsOf({ name: namespace, stores, services }: NamespaceSettings): readonly Claim[] {
  const at = (...path: readonly string[]) => pathText(["namespaces", namespace, ...path]);
  return [
    ...stores.flatMap(({ name, serviceAccount }): readonly Claim[] => [
      { kind: "ServiceAccount", name: serviceAccount, path: at("store", "serviceAccount") },
      { kind: "SecretStore", name, path: at("store", "name") },
    ]),
    ...services.flatMap((service) =>
      service.secrets.flatMap(({ name, generators }): readonly Claim[] => {
        const issued = service.certificates.some((certificate) => certificate.name === name);
        const path = at("services", service.name, issued ? "certificates" : "secrets", name);
        return [
          { kind: "ExternalSecret", name, path },
          ...generators.map((one) => ({ kind: "VaultDynamicSecret" as const, name: one.name, path })),
        ];
      }),
    ),
  ];
}

async function foreign(
  reader: Pick<ClusterReader, "objects">,
  namespace: string,
  claims: readonly Claim[],
  kind: NamespacedKind,
  environment: string,
): Promise<readonly Problem[]> {
  const found = await reader.objects(kind, namespace);
  if (typeof found === "string") return [unreadable(namespace, kind, found)];
  const others = new Set(
    (found ?? []).filter(({ labels }) => labels[OWNER_LABEL] !== environment).map(({ name }) => name),
  );
  return claims
    .filter((claim) => claim.kind === kind && others.has(claim.name))
    .map(({ name, path }) => ({
      path,
      found: `a ${kind} ${namespace}/${name} that exists already and is not this stack's`,
      allowed: `the name of a ${kind} that does not exist yet`,
      fix: `choose another name here; or, if nobody else uses it, remove it first: kubectl -n ${namespace} delete ${kind} ${name}`,
    }));
}

function unreadable(namespace: string, kind: NamespacedKind, failure: string): Problem {
  return {
    path: pathText(["namespaces", namespace]),
    found: `objects of kind ${kind} cannot be listed: ${failure}`,
    allowed: "the right to list what the stack makes",
    fix: `grant \`list\` on ${kind}s in ${namespace} to whoever runs the update`,
  };
}
