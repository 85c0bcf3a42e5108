import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppsV1Api, CoreV1Api, KubeConfig, type V1Pod } from "@kubernetes/client-node";
import { until } from "../../../sandbox/processes/until.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";

const namespace = "llm";
const labels = { app: "key-reader" };

/** As a rotation declares them under `restart`; the Deployment alone has a pod. */
export const RESTARTED = (["Deployment", "StatefulSet", "DaemonSet"] as const).map((kind) => ({
  ...{ namespace, kind, name: labels.app },
}));

export interface SeenPod {
  readonly uid: string;
  /** Of the key that its process was started with. */
  readonly digest: string;
}

/** A workload of each kind. The Deployment is run by the node agent, and its pod has the key in its environment: it learns of another by a restart alone. */
export interface RestartedWorkload {
  /** The one pod that there is, once there is one of another uid than the one before. */
  pod(before?: SeenPod): Promise<SeenPod>;
  /** The generation of the Deployment's spec: who restarts its pods makes another. */
  generation(): Promise<number | undefined>;
  remove(): Promise<void>;
}

export async function startWorkload(
  { kubernetes, paths }: RunningSandbox,
  secret: string,
): Promise<RestartedWorkload> {
  const config = new KubeConfig();
  config.loadFromFile(kubernetes.kubeconfigs.admin);
  const [apps, core] = [config.makeApiClient(AppsV1Api), config.makeApiClient(CoreV1Api)];
  const name = labels.app;
  await apps.createNamespacedDeployment({ namespace, body: deployment(secret) });
  await apps.createNamespacedStatefulSet({ namespace, body: withoutPods({ replicas: 0 }) });
  await apps.createNamespacedDaemonSet({ namespace, body: withoutPods({}, { nodeSelector: { a: "none" } }) });
  const pods = async () => {
    const labelSelector = `app=${labels.app}`;
    return (await core.listNamespacedPod({ namespace, labelSelector })).items;
  };
  return {
    pod: (before) =>
      until("one pod ran, and no earlier one", { deadlineMs: 60_000, intervalMs: 250 }, async () => {
        const [pod, ...others] = await pods();
        if (pod === undefined || others.length > 0 || pod.metadata?.uid === before?.uid) return undefined;
        const digest = await said(paths.root, pod);
        return digest === "" ? undefined : { uid: pod.metadata?.uid ?? "", digest };
      }),
    generation: async () => (await apps.readNamespacedDeployment({ namespace, name })).metadata?.generation,
    remove: async () => {
      await apps.deleteNamespacedDeployment({ namespace, name });
      await apps.deleteNamespacedStatefulSet({ namespace, name });
      await apps.deleteNamespacedDaemonSet({ namespace, name });
      await until("its pods were gone", { deadlineMs: 60_000, intervalMs: 250 }, async () =>
        (await pods()).length === 0 ? true : undefined,
      );
    },
  };
}

/** What a pod says of a key instead of the key. */
export function digestOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

const PROGRAM = `const { createHash } = require("node:crypto");
  console.log(createHash("sha256").update(process.env.API_KEY).digest("hex"));
  setInterval(() => {}, 1000)`;

function deployment(secret: string) {
  const key = { secretKeyRef: { name: secret, key: "api_key" } };
  const container = {
    ...{ name: "main", image: "node:24", command: ["node"], args: ["-e", PROGRAM] },
    env: [{ name: "API_KEY", valueFrom: key }],
  };
  const spec = { terminationGracePeriodSeconds: 1, containers: [container] };
  return {
    metadata: { name: labels.app },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

function withoutPods(spec: object, pod: object = {}) {
  const others = { app: "without-pods" };
  const template = {
    metadata: { labels: others },
    spec: { containers: [{ name: "main", image: "node:24" }], ...pod },
  };
  return { metadata: { name: labels.app }, spec: { ...spec, selector: { matchLabels: others }, template } };
}

/** The first whole line of the pod's log; empty until there is one. */
async function said(root: string, { metadata }: V1Pod): Promise<string> {
  const file = join(root, "node", "logs", `${namespace}_${metadata?.name}_main.log`);
  const log = await readFile(file, "utf8").catch(() => "");
  return log.includes("\n") ? (log.split("\n")[0] ?? "") : "";
}
