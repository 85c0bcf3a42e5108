import { arch, cpus, hostname, release, totalmem } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { isNotFound, type KubeClient } from "../api/client.ts";
import { NODE_NAME, POD_IP } from "../plan/env.ts";

/** kubelet's defaults: a lease of 40 s, renewed four times in it, and a status at least every 5 min. */
const LEASE_SECONDS = 40;
const RENEW_MS = 10_000;
const RENEWALS_PER_STATUS = 30;
const MAX_PODS = "110";
const LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";

/** Creates the Node (or takes over the one there is) and says that it is Ready. */
export async function registerNode(client: KubeClient): Promise<void> {
  const labels = {
    "kubernetes.io/hostname": NODE_NAME,
    "kubernetes.io/os": process.platform,
    "kubernetes.io/arch": goArchitecture(),
  };
  const node = { apiVersion: "v1", kind: "Node", metadata: { name: NODE_NAME, labels }, spec: {} };
  if (!(await exists(client, `/api/v1/nodes/${NODE_NAME}`))) await client.send("POST", "/api/v1/nodes", node);
  await writeNodeStatus(client);
  await renewLease(client);
}

/** Keeps the Node alive until the signal aborts. A failure is logged and the next renewal tries again. */
export async function keepNodeAlive(
  client: KubeClient,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<void> {
  for (let renewal = 1; !signal.aborted; renewal += 1) {
    await delay(RENEW_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      await renewLease(client);
      if (renewal % RENEWALS_PER_STATUS === 0) await writeNodeStatus(client);
    } catch (error) {
      log(
        `node: ${error instanceof Error ? error.message : String(error)}; trying again in ${RENEW_MS / 1000} s`,
      );
    }
  }
}

async function writeNodeStatus(client: KubeClient): Promise<void> {
  const now = new Date().toISOString();
  const resources = {
    cpu: String(cpus().length),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    pods: MAX_PODS,
  };
  const condition = (type: string, status: string, reason: string, message: string) => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: now,
  });
  await client.send("PATCH", `/api/v1/nodes/${NODE_NAME}/status`, {
    status: {
      capacity: resources,
      allocatable: resources,
      addresses: [
        { type: "InternalIP", address: POD_IP },
        { type: "Hostname", address: hostname() },
      ],
      conditions: [
        condition("Ready", "True", "KubeletReady", "the sandbox's node agent runs pods as local processes"),
        condition("MemoryPressure", "False", "NotMeasured", "the sandbox does not measure memory pressure"),
        condition("DiskPressure", "False", "NotMeasured", "the sandbox does not measure disk pressure"),
        condition("PIDPressure", "False", "NotMeasured", "the sandbox does not measure process counts"),
      ],
      nodeInfo: {
        machineID: "",
        systemUUID: "",
        bootID: "",
        kernelVersion: release(),
        osImage: process.platform,
        containerRuntimeVersion: "process://1",
        kubeletVersion: "node-agent",
        kubeProxyVersion: "none",
        operatingSystem: process.platform,
        architecture: goArchitecture(),
      },
    },
  });
}

async function renewLease(client: KubeClient): Promise<void> {
  // A MicroTime has six decimals; the API refuses three.
  const renewTime = new Date().toISOString().replace("Z", "000Z");
  const spec = { holderIdentity: NODE_NAME, leaseDurationSeconds: LEASE_SECONDS, renewTime };
  const path = `${LEASES}/${NODE_NAME}`;
  if (await exists(client, path)) {
    await client.send("PATCH", path, { spec });
    return;
  }
  await client.send("POST", LEASES, {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: NODE_NAME },
    spec,
  });
}

async function exists(client: KubeClient, path: string): Promise<boolean> {
  try {
    await client.get(path);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** The architecture in Go's words, which Kubernetes uses. */
function goArchitecture(): string {
  return arch() === "x64" ? "amd64" : arch();
}
