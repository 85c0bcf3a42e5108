import { withVault } from "../clients/vault.ts";
import { forwarderAddress } from "./forwarder/process.ts";
import { etcdAddress, kubernetesAddress } from "./kubernetes/processes.ts";
import { kubernetesIsReady } from "./kubernetes/ready.ts";
import { type PodProcess, podProcesses } from "./pod-processes.ts";
import { residentBytes } from "./processes/memory.ts";
import { type PortPlan, savedPorts } from "./processes/ports.ts";
import { readLiving } from "./processes/record.ts";
import { logFile } from "./processes/start.ts";
import { stopOrder } from "./services.ts";
import { readIfExists, type SandboxPaths, sandboxPaths } from "./state.ts";
import { vaultNodes } from "./vault/nodes.ts";

/** `sealed` and `unready`: it runs, but does not serve. */
export type ProcessState = "running" | "sealed" | "unready" | "dead";

export interface ProcessStatus {
  readonly name: string;
  readonly state: ProcessState;
  readonly pid?: number;
  readonly address?: string;
  readonly residentBytes: number;
  readonly log: string;
}

export interface SandboxStatus {
  readonly root: string;
  /** By the sandbox's own processes; pods come and go. */
  readonly summary: "up" | "partly up" | "down";
  readonly processes: readonly ProcessStatus[];
  /** The processes of the pods that the node agent runs. */
  readonly pods: readonly PodProcess[];
}

interface Known {
  readonly name: string;
  readonly address?: string;
  /** Asked only of a process that runs. */
  readonly serves?: () => Promise<ProcessState>;
}

/** What of the sandbox runs, process by process. Starts and changes nothing. */
export async function status(options: { readonly root?: string } = {}): Promise<SandboxStatus> {
  const paths = sandboxPaths(options.root);
  const ports = await savedPorts(paths);
  const known =
    ports === undefined ? stopOrder.flat().map((name) => ({ name })) : knownProcesses(paths, ports);
  const processes = await Promise.all(known.map((one) => statusOf(paths, one)));
  const running = processes.filter((one) => one.state === "running").length;
  const allDead = processes.every((one) => one.state === "dead");
  return {
    root: paths.root,
    summary: running === processes.length ? "up" : allDead ? "down" : "partly up",
    processes,
    pods: await podProcesses(paths),
  };
}

function knownProcesses(paths: SandboxPaths, ports: PortPlan): readonly Known[] {
  const vault = (name: string, address: string): Known => ({
    name,
    address,
    serves: () => vaultState(paths, address),
  });
  const kubernetes = kubernetesAddress(ports);
  return [
    ...vaultNodes(ports).map((node) => vault(node.name, node.address)),
    vault("vault-forwarder", forwarderAddress(ports)),
    { name: "etcd", address: etcdAddress(ports) },
    {
      name: "kube-apiserver",
      address: kubernetes,
      serves: async () => ((await kubernetesIsReady(paths, kubernetes)) ? "running" : "unready"),
    },
    { name: "kube-controller-manager" },
    { name: "node-agent" },
  ];
}

async function statusOf(paths: SandboxPaths, { name, address, serves }: Known): Promise<ProcessStatus> {
  const record = await readLiving(paths, name);
  return {
    name,
    state: record === undefined ? "dead" : ((await serves?.()) ?? "running"),
    ...(record === undefined ? {} : { pid: record.pid }),
    ...(address === undefined ? {} : { address }),
    residentBytes: record === undefined ? 0 : await residentBytes(record.pid),
    log: logFile(paths, name),
  };
}

async function vaultState(paths: SandboxPaths, address: string): Promise<ProcessState> {
  const caPem = await readIfExists(paths.caFile);
  const connection = { address, timeoutMs: 2_000, ...(caPem === undefined ? {} : { caPem }) };
  try {
    const { status: health } = await withVault(connection, (client) => client.health());
    if (health === 503) return "sealed";
    return health === 200 || health === 429 ? "running" : "unready";
  } catch {
    return "unready";
  }
}
