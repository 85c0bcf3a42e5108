import { generatorsOf } from "../components/external-secrets/dynamic-secret.ts";
import { OWNER_LABEL } from "../components/external-secrets/metadata.ts";
import {
  definitionOf,
  MONITORING_KINDS,
  type MonitoringKind,
  wantedKinds,
} from "../components/monitoring/names.ts";
import type { Problem } from "../config/problems.ts";
import { show } from "../config/problems.ts";
import type { Settings } from "../config/schema.ts";
import type { ClusterReader } from "./cluster-reader.ts";

/** Every installation of ESO has it. */
const SIGN = "externalsecrets.external-secrets.io";

/** What the program writes resources of, and the version that it writes. */
const NEEDED: Readonly<Record<string, string>> = { [SIGN]: "v1", "secretstores.external-secrets.io": "v1" };

/** The same, where a secret comes from one of Vault's engines. */
const GENERATOR: Readonly<Record<string, string>> = {
  "vaultdynamicsecrets.generators.external-secrets.io": "v1alpha1",
};

/** Whether the kinds that the stack writes, and that others define, are there as they must be. */
export async function definitionProblems(
  reader: Pick<ClusterReader, "definition">,
  settings: Settings,
): Promise<readonly Problem[]> {
  const problems = await Promise.all([
    operatorsProblems(reader, settings),
    monitoringProblems(reader, settings),
  ]);
  return problems.flat();
}

/**
 * What of the Prometheus Operator's kinds the cluster has, of those that the declaration asks for. What it lacks is not made,
 * and the preview says so: a cluster without monitoring can have everything else.
 */
export async function servedKinds(
  reader: Pick<ClusterReader, "definition">,
  settings: Pick<Settings, "monitoring">,
): Promise<readonly MonitoringKind[]> {
  const found = await monitoringDefinitions(reader, settings);
  return found.flatMap(({ kind, definition }) => {
    const served =
      typeof definition === "object" && definition.servedVersions.includes(MONITORING_KINDS[kind]);
    return served ? [kind] : [];
  });
}

/** Not to know whether they are there is another thing: an update would take away what an earlier one made. */
async function monitoringProblems(
  reader: Pick<ClusterReader, "definition">,
  settings: Pick<Settings, "monitoring">,
): Promise<readonly Problem[]> {
  const found = await monitoringDefinitions(reader, settings);
  return found.flatMap(({ kind, field, definition }) =>
    typeof definition === "string" ? [unreadable(definitionOf(kind), definition, field)] : [],
  );
}

function monitoringDefinitions(
  reader: Pick<ClusterReader, "definition">,
  settings: Pick<Settings, "monitoring">,
) {
  const wanted = Object.entries(wantedKinds(settings)) as [MonitoringKind, string][];
  return Promise.all(
    wanted.map(async ([kind, field]) => ({
      kind,
      field,
      definition: await reader.definition(definitionOf(kind)),
    })),
  );
}

/**
 * Whether ESO is there when it must be (`existing`), and is not somebody else's when it must not (`managed`). What this
 * stack has installed itself is not `existing`: the update would uninstall it, definitions and all secrets included.
 */
async function operatorsProblems(
  reader: Pick<ClusterReader, "definition">,
  { environment, externalSecrets: { mode }, namespaces }: Settings,
): Promise<readonly Problem[]> {
  const generates = namespaces.some((namespace) => generatorsOf(namespace).length > 0);
  const needed = { ...NEEDED, ...(generates ? GENERATOR : {}) };
  const problems = await Promise.all(
    Object.entries(mode === "existing" ? needed : { [SIGN]: "v1" }).map(async ([name, version]) => {
      const found = await reader.definition(name);
      if (typeof found === "string") return [unreadable(name, found)];
      if (mode === "existing") {
        if (found === undefined) return [missing(name)];
        if (found.labels[OWNER_LABEL] === environment) return [ourOwn(name, environment)];
        return found.servedVersions.includes(version) ? [] : [tooOld(name, found.servedVersions)];
      }
      const owner = found?.labels[OWNER_LABEL];
      return found === undefined || owner === environment ? [] : [foreign(name, environment, owner)];
    }),
  );
  return problems.flat();
}

function missing(name: string): Problem {
  return {
    path: "externalSecrets.mode",
    found: `existing, and no definition ${name}`,
    allowed: "existing where the External Secrets Operator is installed",
    fix: "declare mode: managed, so that this stack installs it; or install it first",
  };
}

function ourOwn(name: string, environment: string): Problem {
  return {
    path: "externalSecrets.mode",
    found: `existing, and ${name} was installed by this stack (label ${OWNER_LABEL}=${environment})`,
    allowed: "existing where somebody else installed the External Secrets Operator",
    fix:
      "keep mode: managed; or hand the operator over first: remove that label from the definitions, and take the " +
      "operator's namespace, definitions, roles, bindings and release out of the state (pulumi state delete), which " +
      "leaves them on the cluster",
  };
}

function tooOld(name: string, served: readonly string[]): Problem {
  return {
    path: "externalSecrets.mode",
    found: `existing, and ${name} served as ${served.join(", ")}`,
    allowed: "a release of the External Secrets Operator that serves v1",
    fix: "upgrade it to a release that serves external-secrets.io/v1 (0.16 or later)",
  };
}

function foreign(name: string, environment: string, owner: string | undefined): Problem {
  const whose = owner === undefined ? "nobody says whose" : `the stack of environment ${show(owner)} has it`;
  return {
    path: "externalSecrets.mode",
    found: `managed, and ${name} exists already (${whose})`,
    allowed: "managed where no other installation of the External Secrets Operator exists",
    fix:
      owner === undefined
        ? "declare mode: existing and leave it to its owner; or adopt it: helm upgrade its release with " +
          "crds.annotations helm.sh/resource-policy: keep, helm uninstall it, label each *.external-secrets.io definition " +
          `${OWNER_LABEL}=${environment}, and pulumi import them`
        : "declare mode: existing here: one stack of a cluster manages the operator",
  };
}

function unreadable(name: string, failure: string, path = "externalSecrets.mode"): Problem {
  return {
    path,
    found: `definition ${name} cannot be read: ${failure}`,
    allowed: "the right to get customresourcedefinitions",
    fix: "grant `get` on customresourcedefinitions to whoever runs the update",
  };
}
