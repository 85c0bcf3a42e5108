import { admissionPolicies } from "../components/external-secrets/admission/policies.ts";
import { OWNER_LABEL } from "../components/external-secrets/metadata.ts";
import type { Problem } from "../config/problems.ts";
import type { Settings } from "../config/schema.ts";
import type { ClusterReader } from "./cluster-reader.ts";

/** Whether the API server knows ValidatingAdmissionPolicies, lets us see them, and has none of our names from others. */
export async function admissionProblems(
  reader: Pick<ClusterReader, "admissionPolicies">,
  settings: Settings,
): Promise<readonly Problem[]> {
  const wanted = admissionPolicies(settings).map(({ policy }) => policy.metadata.name);
  if (wanted.length === 0) return [];
  const found = await reader.admissionPolicies();
  if (found === undefined) return [tooOld];
  if (typeof found === "string") return [unreadable(found, settings.environment)];
  return found
    .filter(({ name, labels }) => wanted.includes(name) && labels[OWNER_LABEL] !== settings.environment)
    .map(({ name }) => foreign(name));
}

const tooOld: Problem = {
  path: "kubernetes.context",
  found: "a cluster that does not serve ValidatingAdmissionPolicy of admissionregistration.k8s.io/v1",
  allowed: "Kubernetes 1.30 or later",
  fix: "upgrade the cluster",
};

function unreadable(failure: string, environment: string): Problem {
  return {
    path: "externalSecrets.admission",
    found: `validatingadmissionpolicies cannot be listed: ${failure}`,
    allowed: "the rights on admission policies and their bindings that a deployer has",
    fix: `let somebody with the rights run: npm run bootstrap -- apply -s ${environment}`,
  };
}

function foreign(name: string): Problem {
  return {
    path: "externalSecrets.admission",
    found: `a ValidatingAdmissionPolicy ${name} that exists already and is not this stack's`,
    allowed: "no policy of that name, or this stack's own",
    fix: `find out who made it; if nobody needs it: kubectl delete validatingadmissionpolicy,validatingadmissionpolicybinding ${name}`,
  };
}
