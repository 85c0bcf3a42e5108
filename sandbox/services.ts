import { fileURLToPath } from "node:url";
import { ensureAuthority, ensureCertificate } from "./certificates/authority.ts";
import { forwarderProcess } from "./forwarder/process.ts";
import { ensureKubernetesCredentials } from "./kubernetes/credentials.ts";
import {
  apiServerProcess,
  controllerManagerProcess,
  etcdProcess,
  kubernetesAddress,
} from "./kubernetes/processes.ts";
import type { KubernetesProcesses } from "./kubernetes/ready.ts";
import type { PortPlan } from "./processes/ports.ts";
import type { ProcessSpec } from "./processes/start.ts";
import type { SandboxPaths } from "./state.ts";
import type { Toolchain } from "./toolchain/toolchain.ts";
import { vaultProcesses } from "./vault/nodes.ts";

/** How to run every process of the sandbox. */
export interface Services {
  readonly vault: readonly ProcessSpec[];
  readonly forwarder: ProcessSpec;
  readonly kubernetes: KubernetesProcesses;
  readonly nodeAgent: ProcessSpec;
}

/**
 * The names of all processes, in the groups in which they are ended: the node agent first, so that it ends its
 * pods while there is an API to report to; etcd last.
 */
export const stopOrder: readonly (readonly string[])[] = [
  ["node-agent"],
  ["kube-controller-manager", "vault-forwarder"],
  ["kube-apiserver", "vault-3", "vault-2", "vault-1"],
  ["etcd"],
];

const nodeAgentProgram = fileURLToPath(new URL("node-agent/main.ts", import.meta.url));

/** Makes the certificates, keys and configuration files that the processes need, where they are not there yet. */
export async function prepareServices(
  paths: SandboxPaths,
  ports: PortPlan,
  { binaries }: Toolchain,
): Promise<Services> {
  const authority = await ensureAuthority(paths);
  const vaultCertificate = await ensureCertificate(paths, authority, {
    name: "vault",
    commonName: "vault",
    dns: ["localhost"],
    ips: ["127.0.0.1"],
    usages: ["server"],
  });
  const kubernetes = await ensureKubernetesCredentials(paths, authority, kubernetesAddress(ports));
  return {
    vault: await vaultProcesses(paths, ports, binaries.vault, vaultCertificate),
    forwarder: forwarderProcess(paths, ports),
    kubernetes: {
      etcd: etcdProcess(paths, ports, binaries.etcd, kubernetes),
      apiServer: apiServerProcess(paths, ports, binaries["kube-apiserver"], kubernetes),
      controllerManager: controllerManagerProcess(paths, binaries["kube-controller-manager"]),
    },
    nodeAgent: nodeAgentProcess(paths),
  };
}

export function allProcesses({ vault, forwarder, kubernetes, nodeAgent }: Services): readonly ProcessSpec[] {
  const { etcd, apiServer, controllerManager } = kubernetes;
  return [...vault, forwarder, etcd, apiServer, controllerManager, nodeAgent];
}

function nodeAgentProcess(paths: SandboxPaths): ProcessSpec {
  const options = [
    "--kubeconfig",
    paths.nodeAgentKubeconfig,
    "--state",
    paths.node,
    "--images",
    paths.images,
  ];
  return {
    name: "node-agent",
    // A small young generation: V8 would otherwise let it grow past what the whole agent needs.
    command: [process.execPath, "--max-semi-space-size=1", nodeAgentProgram, ...options],
    cwd: paths.node,
    ports: [],
  };
}
