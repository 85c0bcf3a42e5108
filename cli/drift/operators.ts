import type { KubeConfig } from "@kubernetes/client-node";
import { operatorManifests } from "../../access/operators/kubernetes.ts";
import type { KubernetesReader } from "../../clients/kubernetes.ts";
import type { VaultClient } from "../../clients/vault.ts";
import type { Settings } from "../../config/schema.ts";
import { fieldsOf } from "../../resources/values.ts";
import { clusterLeftovers } from "../bootstrap/cluster-leftovers.ts";
import { planVault, type VaultStep } from "../bootstrap/plan.ts";
import type { Finding, Looked } from "./finding.ts";
import { objectFindings } from "./kubernetes/object.ts";
import { vaultDifferences } from "./vault/compare.ts";

const DRIFTS: Readonly<Record<VaultStep["action"], Finding["drift"] | undefined>> = {
  create: "missing",
  change: "changed",
  remove: "undeclared",
  keep: undefined,
};

/** What `npm run bootstrap` has set up in Vault: who works on the stack, and with which rights. */
export async function operatorsInVault(vault: VaultClient, settings: Settings): Promise<Looked> {
  return looking("the operators' policies and logins in Vault", async () => {
    const steps = await planVault(vault, settings);
    if (steps.every(({ action }) => action === "create")) return undefined;
    return {
      count: steps.length,
      findings: (await Promise.all(steps.map((one) => findingOf(vault, one)))).flat(),
    };
  });
}

async function findingOf(
  vault: VaultClient,
  { kind, path, action, desired, fields: differing }: VaultStep,
): Promise<readonly Finding[]> {
  const drift = DRIFTS[action];
  if (drift === undefined) return [];
  if (drift !== "changed") return [{ server: "Vault", what: `${kind} ${path}`, drift, fields: [] }];
  const found = kind === "auth mount" ? {} : fieldsOf(await vault.read(path));
  const fields = differing.flatMap((field) =>
    vaultDifferences(
      { [field]: withoutRemovals(fieldsOf(desired?.fields)[field]) },
      { [field]: withoutRemovals(found[field]) },
    ),
  );
  return fields.length === 0 ? [] : [{ server: "Vault", what: `${kind} ${path}`, drift, fields }];
}

/**
 * A deployer may remove what an earlier declaration has left, by blocks that come and go with it: what stands there and is
 * not declared is found by itself.
 */
function withoutRemovals(field: unknown): unknown {
  if (typeof field !== "string") return field;
  return field.replace(
    /\n?path "(sys|auth)\/[^"]+" \{\n {2}capabilities = \["(read", "delete|delete", "sudo)"\]\n\}\n/g,
    "",
  );
}

/** The same in Kubernetes: their ClusterRoles and bindings, and the admission policies that confine them. */
export async function operatorsInKubernetes(
  kubernetes: KubernetesReader,
  config: KubeConfig,
  settings: Settings,
): Promise<Looked> {
  return looking("the operators' rights in Kubernetes", async () => {
    const manifests = operatorManifests(settings, await clusterLeftovers(config, settings));
    const findings = await Promise.all(
      manifests.map((manifest) => objectFindings(kubernetes, fieldsOf(manifest), undefined)),
    );
    const all = findings.flat();
    const missing = all.filter(({ drift }) => drift === "missing").length;
    if (manifests.length > 0 && missing === manifests.length) return undefined;
    return { count: manifests.length, findings: all };
  });
}

/** Where none of it is there, nobody has run it: whoever works on the stack has rights from elsewhere. */
async function looking(
  what: string,
  look: () => Promise<{ readonly count: number; readonly findings: readonly Finding[] } | undefined>,
): Promise<Looked> {
  const unseen = (why: string, failed: boolean): Looked => ({
    seen: {},
    findings: [],
    unseen: [{ what, why, failed }],
  });
  try {
    const looked = await look();
    if (looked === undefined) return unseen("npm run bootstrap has set up none of them", false);
    return { seen: { "operators' rights": looked.count }, findings: looked.findings, unseen: [] };
  } catch (error) {
    const why = (error as Error).message.replace(/\s+/g, " ").trim();
    return unseen(`${why}. A previewer's rights of an earlier release: npm run bootstrap -- apply`, true);
  }
}
