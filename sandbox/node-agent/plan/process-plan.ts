import type { Container, Pod, Probe } from "../api/types.ts";
import { containerEnv, type References } from "./env.ts";
import { expand } from "./expand.ts";
import { commandLine, type MappedImage } from "./image.ts";
import { type MountPath, pathRewriter } from "./mount-paths.ts";
import { missingListenFlags, type PortMap, rewriteArguments, rewriteVariable } from "./ports.ts";

/** Where Kubernetes puts the automatic service-account volume. */
export const SERVICE_ACCOUNT_DIR = "/var/run/secrets/kubernetes.io/serviceaccount";

/** What a container needs besides its spec; everything here is resolved, nothing is looked up any more. */
export type PlanInputs = {
  readonly image: MappedImage;
  readonly references: References;
  readonly mounts: readonly MountPath[];
  readonly ports: PortMap;
  readonly podDir: string;
  /** The agent's own PATH: the one thing a process takes over from it. */
  readonly path: string;
  /** A kubeconfig for the pod's own service account; absent when the pod has no automatic token. */
  readonly kubeconfig?: { readonly file: string; readonly server: string };
};

/** What to start: the argument vector (first word: the binary), the complete environment, the working directory. */
export type ProcessPlan = {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** The commands of the container's exec probes, rewritten likewise. */
  readonly probeCommands: Readonly<Partial<Record<ProbeKind, readonly string[]>>>;
};

export type ProbeKind = "startup" | "readiness" | "liveness";

/** The container's probe of one kind. */
export function probeOf(container: Container, kind: ProbeKind): Probe | undefined {
  return {
    startup: container.startupProbe,
    readiness: container.readinessProbe,
    liveness: container.livenessProbe,
  }[kind];
}

/**
 * Turns one container of a pod into a process. Paths and ports are rewritten in what the spec says; `$(NAME)` is
 * expanded afterwards, from the finished environment, so nothing is rewritten twice. securityContext, resources,
 * stdin, lifecycle hooks and image pull settings are accepted and have no effect.
 * Throws ConfigError when the environment cannot be resolved.
 */
export function planProcess(pod: Pod, container: Container, inputs: PlanInputs): ProcessPlan {
  const { image, mounts, ports } = inputs;
  const rewritePaths = pathRewriter(mounts);
  const asked = containerEnv(pod, container, inputs.references, (name, value) =>
    rewriteVariable(name, rewritePaths(value), ports),
  );
  const env = { ...ownEnv(inputs), ...asked };
  const lookup = (name: string): string | undefined => env[name];
  const written = commandLine(image, container.command ?? [], container.args ?? [], rewritePaths);
  const argv = rewriteArguments([...written, ...missingListenFlags(image.listen, written)], ports);
  const cwd = workingDir(container.workingDir, rewritePaths) ?? inputs.podDir;
  const probeCommands = planProbeCommands(container, (command) =>
    commandLine(image, command, [], rewritePaths),
  );
  return { argv: argv.map((word) => expand(word, lookup)), env, cwd, probeCommands };
}

function planProbeCommands(
  container: Container,
  plan: (command: readonly string[]) => readonly string[],
): ProcessPlan["probeCommands"] {
  const kinds: readonly ProbeKind[] = ["startup", "readiness", "liveness"];
  return Object.fromEntries(
    kinds.flatMap((kind) => {
      const command = probeOf(container, kind)?.exec?.command;
      return command === undefined ? [] : [[kind, plan(command)]];
    }),
  );
}

/** The words of a container that may name a port to listen on: its command and arguments, and the image's flags. */
export function listenWords(container: Container, image: MappedImage | undefined): readonly string[] {
  const words = [...(container.command ?? []), ...(container.args ?? [])];
  return [...words, ...missingListenFlags(image?.listen, words)];
}

/** A working directory inside a volume is that volume's; any other would be a path of this machine, so it is not used. */
function workingDir(wanted: string | undefined, rewritePaths: (text: string) => string): string | undefined {
  if (wanted === undefined) return undefined;
  const real = rewritePaths(wanted);
  return real === wanted ? undefined : real;
}

function ownEnv(inputs: PlanInputs): Record<string, string> {
  const scratch = inputs.mounts.find(({ mountPath }) => mountPath === "/tmp")?.realPath;
  const env = { PATH: inputs.path, HOME: `${inputs.podDir}/home`, TMPDIR: scratch ?? `${inputs.podDir}/tmp` };
  if (inputs.kubeconfig === undefined) return env;
  const { hostname, port } = new URL(inputs.kubeconfig.server);
  return {
    ...env,
    KUBECONFIG: inputs.kubeconfig.file,
    KUBERNETES_SERVICE_HOST: hostname,
    KUBERNETES_SERVICE_PORT: port === "" ? "443" : port,
  };
}
