import * as k8s from "@kubernetes/client-node";
import { OWNER_LABEL } from "../components/external-secrets/metadata.ts";
import { exporterOf } from "../components/monitoring/exporter/settings.ts";
import type { MonitoringKind } from "../components/monitoring/names.ts";
import type { Problem } from "../config/problems.ts";
import { pathText, show } from "../config/problems.ts";
import type { Settings } from "../config/schema.ts";
import { admissionProblems } from "./admission.ts";
import { ClusterReader, type Labelled } from "./cluster-reader.ts";
import { definitionProblems, servedKinds } from "./definitions.ts";
import { objectProblems } from "./objects.ts";

/** Everything about the Kubernetes cluster that would stop the update; reads only. */
export async function kubernetesProblems(
  settings: Settings,
  load: () => k8s.KubeConfig = loadKubeConfig,
): Promise<readonly Problem[]> {
  const reader = clusterReader(settings, load);
  if (!(reader instanceof ClusterReader)) return [reader];
  const { context } = settings.kubernetes;
  const failure = await reader.failure();
  if (failure !== undefined) return [unreachable(context, failure)];
  const problems = await Promise.all([
    definitionProblems(reader, settings),
    namespaceProblems(reader, settings),
    objectProblems(reader, settings),
    admissionProblems(reader, settings),
  ]);
  return problems.flat();
}

/** What of the declared kinds that others define the cluster serves; none where it cannot be asked, as `kubernetesProblems` says. */
export async function monitoringKinds(
  settings: Settings,
  load: () => k8s.KubeConfig = loadKubeConfig,
): Promise<readonly MonitoringKind[]> {
  const reader = clusterReader(settings, load);
  return reader instanceof ClusterReader ? servedKinds(reader, settings) : [];
}

function clusterReader({ kubernetes }: Settings, load: () => k8s.KubeConfig): ClusterReader | Problem {
  const config = kubeConfigOf(load);
  if (!(config instanceof k8s.KubeConfig)) return config;
  const { context } = kubernetes;
  const known = config.getContexts().map(({ name }) => name);
  if (!known.includes(context)) return unknownContext(context, known);
  config.setCurrentContext(context);
  return new ClusterReader(config);
}

/** By the usual rules: KUBECONFIG, else `~/.kube/config`. */
export function loadKubeConfig(): k8s.KubeConfig {
  const config = new k8s.KubeConfig();
  config.loadFromDefault();
  return config;
}

function kubeConfigOf(load: () => k8s.KubeConfig): k8s.KubeConfig | Problem {
  try {
    return load();
  } catch (error) {
    return {
      path: "the kubeconfig",
      found: error instanceof Error ? error.message : String(error),
      allowed: "a kubeconfig that can be read, at KUBECONFIG or ~/.kube/config",
      fix: "mend the file, or point KUBECONFIG to another",
    };
  }
}

function unknownContext(context: string, known: readonly string[]): Problem {
  return {
    path: "kubernetes.context",
    found: `${show(context)}, which the kubeconfig does not have`,
    allowed: known.length > 0 ? known.join(" | ") : "a context of the kubeconfig, which has none",
    fix: "name one of these contexts, or point KUBECONFIG to the file that has it",
  };
}

function unreachable(context: string, failure: string): Problem {
  return {
    path: "kubernetes.context",
    found: `${show(context)}, whose API does not serve us: ${failure}`,
    allowed: "a Kubernetes API that can be reached and lets us in",
    fix: `try: kubectl --context ${context} get --raw /version; renew the login if it is refused`,
  };
}

/** Namespaces of the stack's own programs, which a stack of tier production does not make -> whose each is. */
const PROGRAMS: Readonly<Record<string, string>> = {
  "rotation.namespace": "its rotators",
  "monitoring.exporter.namespace": "its exporter",
};

/** Those referred to must exist; those to be created must not, unless they are this stack's already. */
async function namespaceProblems(reader: ClusterReader, settings: Settings): Promise<readonly Problem[]> {
  const { externalSecrets, namespaces, rotation } = settings;
  const exporter = exporterOf(settings);
  const wanted = [
    ...(externalSecrets.mode === "managed"
      ? [{ name: externalSecrets.namespace, create: true, path: "externalSecrets.namespace" }]
      : []),
    ...namespaces.map(({ name, create }) => ({
      name,
      create,
      path: `${pathText(["namespaces", name])}.create`,
    })),
    ...(rotation === undefined
      ? []
      : [{ name: rotation.namespace, create: rotation.create, path: "rotation.namespace" }]),
    ...(exporter === undefined
      ? []
      : [{ name: exporter.namespace, create: exporter.create, path: "monitoring.exporter.namespace" }]),
  ];
  const problems = await Promise.all(
    wanted.map(async ({ name, create, path }) => {
      const existing = await reader.namespace(name);
      if (typeof existing === "string") return [unreadable(path, name, existing)];
      if (!create && existing === undefined) {
        return [path in PROGRAMS ? missingForProgram(path, name) : missingNamespace(path, name)];
      }
      if (!create) return [];
      return existing === undefined || isOurs(existing, settings)
        ? []
        : [foreignNamespace(path, name, settings)];
    }),
  );
  return problems.flat();
}

function isOurs(found: Labelled, { environment }: Settings): boolean {
  return found.labels[OWNER_LABEL] === environment;
}

function missingNamespace(path: string, name: string): Problem {
  return {
    path,
    found: `false, and no namespace ${name}`,
    allowed: "false for a namespace that exists",
    fix: `kubectl create namespace ${name}, or declare create: true`,
  };
}

function missingForProgram(path: string, name: string): Problem {
  return {
    path,
    found: `no namespace ${name}`,
    allowed: `a namespace that exists: a stack of tier production makes none for ${PROGRAMS[path]}`,
    fix: `kubectl create namespace ${name} && kubectl label namespace ${name} pod-security.kubernetes.io/enforce=restricted`,
  };
}

function foreignNamespace(path: string, name: string, { environment }: Settings): Problem {
  const adopt = `adopt it: kubectl label namespace ${name} ${OWNER_LABEL}=${environment}, then pulumi import`;
  return {
    path,
    found: `a namespace ${name} that exists already and is not this stack's`,
    allowed: "the name of a namespace that does not exist yet",
    fix: path.startsWith("namespaces.")
      ? `declare create: false, or ${adopt}`
      : `choose another name, or ${adopt}`,
  };
}

function unreadable(path: string, name: string, failure: string): Problem {
  return {
    path,
    found: `namespace ${name} cannot be read: ${failure}`,
    allowed: "the right to get namespaces",
    fix: "grant `get` on namespaces to whoever runs the update",
  };
}
