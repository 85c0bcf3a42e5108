import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Agent, request } from "undici";
import { NODE_NAME } from "../node-agent/plan/env.ts";
import { ensureProcess, type ProcessSpec, untilReady } from "../processes/start.ts";
import type { SandboxPaths } from "../state.ts";

const deadlineMs = 120_000;

export interface KubernetesProcesses {
  readonly etcd: ProcessSpec;
  readonly apiServer: ProcessSpec;
  readonly controllerManager: ProcessSpec;
}

/** Starts what does not run of the three servers, and waits until the API serves and the controllers work. */
export async function bringUpKubernetes(
  paths: SandboxPaths,
  address: string,
  processes: KubernetesProcesses,
): Promise<void> {
  await ensureProcess(paths, processes.etcd);
  await ensureProcess(paths, processes.apiServer); // it waits for etcd by itself
  const probe = await kubernetesProbe(paths, address);
  try {
    await untilReady(paths, processes.apiServer.name, { deadlineMs }, () => probe.answers("/readyz"));
    await ensureProcess(paths, processes.controllerManager);
    // Made by two of its controllers; no pod can start without them.
    for (const made of ["serviceaccounts/default", "configmaps/kube-root-ca.crt"]) {
      const path = `/api/v1/namespaces/default/${made}`;
      await untilReady(paths, processes.controllerManager.name, { deadlineMs }, () => probe.answers(path));
    }
  } finally {
    await probe.close();
  }
}

/** Starts the node agent if it does not run, and waits until it has registered its node. */
export async function bringUpNodeAgent(
  paths: SandboxPaths,
  address: string,
  process: ProcessSpec,
): Promise<void> {
  await ensureProcess(paths, process);
  const probe = await kubernetesProbe(paths, address);
  try {
    const node = () => probe.answers(`/api/v1/nodes/${NODE_NAME}`);
    await untilReady(paths, process.name, { deadlineMs }, node);
  } finally {
    await probe.close();
  }
}

/** Whether the API server says that it is ready. */
export async function kubernetesIsReady(paths: SandboxPaths, address: string): Promise<boolean> {
  const probe = await kubernetesProbe(paths, address);
  try {
    return (await probe.answers("/readyz")) === true;
  } finally {
    await probe.close();
  }
}

interface Probe {
  /** `true` if a GET is answered with 200, else `undefined`. */
  answers(path: string): Promise<true | undefined>;
  close(): Promise<void>;
}

async function kubernetesProbe(paths: SandboxPaths, address: string): Promise<Probe> {
  const [ca, cert, key] = await Promise.all([
    readFile(paths.caFile),
    readFile(join(paths.certificates, "kubernetes-admin.crt")),
    readFile(join(paths.certificates, "kubernetes-admin.key")),
  ]);
  const dispatcher = new Agent({ connect: { ca, cert, key, timeout: 2_000 } });
  return {
    close: () => dispatcher.close(),
    answers: async (path) => {
      try {
        const answer = await request(`${address}${path}`, { dispatcher, headersTimeout: 5_000 });
        await answer.body.dump();
        return answer.statusCode === 200 ? true : undefined;
      } catch {
        return undefined; // it does not listen yet
      }
    },
  };
}
