import { createHash } from "node:crypto";
import type { Settings } from "../../config/schema.ts";
import { type CertificateRequest, ensureAuthority, ensureCertificate } from "../certificates/authority.ts";
import { writeKubeconfig } from "../kubernetes/credentials.ts";
import type { SandboxPaths } from "../state.ts";
import {
  type ClusterOperator,
  clusterOperators,
  declaredNames,
  kubeconfigFiles,
  sandboxGroup,
} from "./files.ts";

type Subject = { readonly group: string } | { readonly user: string };

/**
 * Kubeconfigs with a client certificate for each operator: the API server takes its organization for the declared group,
 * or its common name for the declared user.
 */
export async function ensureOperatorKubeconfigs(
  paths: SandboxPaths,
  apiAddress: string,
  settings: Pick<Settings, "operators">,
): Promise<void> {
  const authority = await ensureAuthority(paths);
  const files = kubeconfigFiles(paths);
  for (const operator of clusterOperators) {
    const subject = settings.operators?.kubernetes?.[declaredNames[operator]] ?? {
      group: sandboxGroup(operator),
    };
    const certificate = await ensureCertificate(paths, authority, requestFor(operator, subject));
    await writeKubeconfig(paths, files[operator], apiAddress, certificate);
  }
}

/** Another subject needs another certificate, so the name tells them apart. */
function requestFor(operator: ClusterOperator, subject: Subject): CertificateRequest {
  const digest = createHash("sha256").update(JSON.stringify(subject)).digest("hex").slice(0, 8);
  return {
    name: `kubernetes-${operator}-${digest}`,
    commonName: "user" in subject ? subject.user : `sandbox-${operator}`,
    organizations: "group" in subject ? [subject.group] : [],
    usages: ["client"],
  };
}
