import { forwarderAddress } from "./forwarder/process.ts";
import { imageMap, writeImages } from "./images.ts";
import { contextName } from "./kubernetes/credentials.ts";
import { apiAudience, kubernetesAddress, serviceAccountIssuer } from "./kubernetes/processes.ts";
import { bringUpKubernetes, bringUpNodeAgent } from "./kubernetes/ready.ts";
import { type ClusterOperator, kubeconfigFiles, type TokenHolder, tokenFiles } from "./operators/files.ts";
import { withLock } from "./processes/lock.ts";
import { type PortPlan, requireFreePorts, savedPorts, settlePorts } from "./processes/ports.ts";
import { readLiving } from "./processes/record.ts";
import { ensureProcess } from "./processes/start.ts";
import { allProcesses, prepareServices, type Services } from "./services.ts";
import { prepareState, readState, type SandboxPaths, sandboxPaths } from "./state.ts";
import { status } from "./status.ts";
import { renderProgress } from "./toolchain/progress.ts";
import { prepareToolchain, type Toolchain } from "./toolchain/toolchain.ts";
import { bringUpVault, untilServed } from "./vault/cluster.ts";
import { type VaultNode, vaultNodes } from "./vault/nodes.ts";

export { down, reset } from "./down.ts";
export type { PodProcess } from "./pod-processes.ts";
export { type ProcessStatus, type SandboxStatus, status } from "./status.ts";

/** What a client of the sandbox needs to know. Values of secrets are not in it: `tokens` and `kubeconfigs` are files, 0600. */
export interface SandboxAccess {
  readonly paths: SandboxPaths;
  readonly vault: {
    /** https URL of the forwarder in front of the nodes. */
    readonly address: string;
    readonly nodes: readonly VaultNode[];
    readonly caPem: string;
    readonly caFile: string;
    /** Each holds an operator's token; there once the operators were set up (operators/bootstrap.ts). */
    readonly tokens: Readonly<Record<TokenHolder, string>>;
  };
  readonly kubernetes: {
    readonly address: string;
    readonly caPem: string;
    /** The administrator's, and one for each operator, there once they were set up. */
    readonly kubeconfigs: Readonly<Record<"admin" | ClusterOperator, string>>;
    readonly context: string;
    readonly apiAudience: string;
    readonly issuer: string;
    readonly serviceAccountPublicKeyPem: string;
  };
}

export interface RunningSandbox extends SandboxAccess {
  readonly toolchain: Toolchain;
}

export interface UpOptions {
  /** The folder of the state. @default SANDBOX_STATE, else `.sandbox` in the repository */
  readonly root?: string;
  /** Told what is being done, one line at a time. @default nobody is told */
  readonly report?: (step: string) => void;
}

/**
 * Starts the sandbox, or what of it does not run: three Vault nodes behind a forwarder, and a Kubernetes API with
 * its controllers and a node agent. Returns when Vault has a leader and three voting peers, and Kubernetes serves.
 * Running processes are left alone.
 */
export async function up(options: UpOptions = {}): Promise<RunningSandbox> {
  const report = options.report ?? (() => {});
  const paths = sandboxPaths(options.root);
  await prepareState(paths);
  const toolchain = await findToolchain(report);
  return withLock(paths.lock, async () => {
    const ports = await settlePorts(paths);
    const services = await prepareServices(paths, ports, toolchain);
    await writeImages(paths, imageMap(toolchain.binaries));
    await requirePortsOfMissing(paths, services);
    await bringUp(paths, ports, services, report);
    return { ...(await describe(paths, ports)), toolchain };
  });
}

/** The sandbox that runs already. Fails if it does not, or only in part. */
export async function attach(root?: string): Promise<RunningSandbox> {
  const current = await status(root === undefined ? {} : { root });
  if (current.summary !== "up") {
    const missing = current.processes.filter((one) => one.state !== "running").map((one) => one.name);
    throw new Error(
      `The sandbox in ${current.root} is ${current.summary}: ${missing.join(", ")} not running. ` +
        "Start it with `npm run sandbox -- up`.",
    );
  }
  return { ...(await access(root)), toolchain: await findToolchain(() => {}) };
}

/** Where things are in a sandbox that was up before, whether or not it runs. */
export async function access(root?: string): Promise<SandboxAccess> {
  const paths = sandboxPaths(root);
  const ports = await savedPorts(paths);
  if (ports === undefined) {
    throw new Error(`There is no sandbox in ${paths.root}. Start one with \`npm run sandbox -- up\`.`);
  }
  return describe(paths, ports);
}

async function findToolchain(report: (step: string) => void): Promise<Toolchain> {
  const write = (text: string) => report(text.trim());
  return prepareToolchain({ onProgress: renderProgress({ write }) });
}

async function requirePortsOfMissing(paths: SandboxPaths, services: Services): Promise<void> {
  const specs = allProcesses(services);
  const living = await Promise.all(specs.map((spec) => readLiving(paths, spec.name)));
  await requireFreePorts(
    specs.filter((_, index) => living[index] === undefined).flatMap((spec) => spec.ports),
  );
}

async function bringUp(
  paths: SandboxPaths,
  ports: PortPlan,
  services: Services,
  report: (step: string) => void,
): Promise<void> {
  report("Starting Vault and Kubernetes");
  await allOrFirstError([
    bringUpVault(paths, vaultNodes(ports), services.vault).then(async () => {
      await ensureProcess(paths, services.forwarder);
      await untilServed(paths, services.forwarder.name, forwarderAddress(ports));
      report(`Vault serves on ${forwarderAddress(ports)}`);
    }),
    bringUpKubernetes(paths, kubernetesAddress(ports), services.kubernetes).then(() => {
      report(`Kubernetes serves on ${kubernetesAddress(ports)}`);
    }),
  ]);
  await bringUpNodeAgent(paths, kubernetesAddress(ports), services.nodeAgent);
  report("The node agent runs pods");
}

/** Unlike Promise.all, leaves nothing going on in the background when one fails. */
async function allOrFirstError(works: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function describe(paths: SandboxPaths, ports: PortPlan): Promise<SandboxAccess> {
  const caPem = await readState(paths.caFile);
  return {
    paths,
    vault: {
      address: forwarderAddress(ports),
      nodes: vaultNodes(ports),
      caPem,
      caFile: paths.caFile,
      tokens: tokenFiles(paths),
    },
    kubernetes: {
      address: kubernetesAddress(ports),
      caPem,
      kubeconfigs: kubeconfigFiles(paths),
      context: contextName,
      apiAudience,
      issuer: serviceAccountIssuer,
      serviceAccountPublicKeyPem: await readState(paths.serviceAccountPublicKeyFile),
    },
  };
}
