import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { directEngine } from "../../../sandbox/engine/direct/engine.ts";
import { PORT_ANNOTATION } from "../../../sandbox/node-agent/plan/ports.ts";
import { readLiving } from "../../../sandbox/processes/record.ts";
import { until } from "../../../sandbox/processes/until.ts";
import { useSandbox } from "../harness.ts";
import { Cluster } from "../main-job/cluster.ts";
import {
  deploy,
  type Edit,
  type Ground,
  llmSecrets,
  projectFolder,
  putInVault,
  rootVault,
} from "../main-job/ground.ts";

/** A round of the exporter's, with servers that do not answer, on a busy machine. */
const PATIENCE_MS = 120_000;

export const LAGGING = "exporter-lagging";
export const PATH = "exporter/lagging";

/** `<metric>` or `<metric>{<labels>}`, without the prefix -> value. */
export type Told = ReadonlyMap<string, number>;

export interface ExporterGround extends Ground {
  readonly cluster: Cluster;
  /** What the exporter tells now. */
  told(): Promise<Told>;
  /** Resolves with what it tells once that is so. */
  tells(what: string, holds: (told: Told) => boolean): Promise<Told>;
  /** Freezes the sandbox's processes while `work` is done: they neither answer nor end. */
  frozen<T>(names: readonly string[], work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const readiness = { externalSecrets: { readiness: { mode: "report", timeout: "1s" } } };

function watched(nodes: Readonly<Record<string, string>>): Edit {
  return { ...readiness, monitoring: { exporter: { interval: "5s" }, vault: { nodes } } };
}

/** The dev stack with a secret that is refreshed every hour, and the exporter that the stack deploys, run by the node agent. */
export async function exporterGround(): Promise<ExporterGround> {
  const sandbox = await useSandbox();
  const ground: Ground = {
    engine: directEngine("the tests' own", projectFolder),
    sandbox,
    vault: await rootVault(sandbox),
  };
  const nodes = Object.fromEntries(sandbox.vault.nodes.map(({ name, address }) => [name, address]));
  const secrets = llmSecrets({ [LAGGING]: { refreshInterval: "1h", data: { value: `${PATH}#value` } } });
  await deploy(ground, readiness);
  await putInVault(ground, PATH, { value: "first" });
  await deploy(ground, watched(nodes), secrets);
  const config = new KubeConfig();
  config.loadFromFile(sandbox.kubernetes.kubeconfigs.admin);
  const core = config.makeApiClient(CoreV1Api);
  const address = await until("the exporter ran", { deadlineMs: PATIENCE_MS, intervalMs: 500 }, () =>
    podAddress(core),
  );
  const told = async () => parsed(await (await fetch(`http://${address}/metrics`)).text());
  return {
    ...ground,
    ...{ cluster: new Cluster(sandbox), told },
    tells: (what, holds) =>
      until(`the exporter told that ${what}`, { deadlineMs: PATIENCE_MS, intervalMs: 500 }, async () => {
        const now = await told().catch(() => undefined);
        return now !== undefined && holds(now) ? now : undefined;
      }),
    frozen: async (names, work) => {
      const records = await Promise.all(names.map((name) => readLiving(sandbox.paths, name)));
      const pids = records.flatMap((record) => (record === undefined ? [] : [record.pid]));
      if (pids.length < names.length) throw new Error(`not all of ${names.join()} run`);
      for (const pid of pids) process.kill(pid, "SIGSTOP");
      try {
        return await work();
      } finally {
        for (const pid of pids) process.kill(pid, "SIGCONT");
      }
    },
    close: async () => {
      await deploy(ground, readiness);
      await ground.vault.close();
    },
  };
}

/** Where the exporter's pod really listens, once it is ready. */
async function podAddress(core: CoreV1Api): Promise<string | undefined> {
  const { items } = await core.listNamespacedPod({ namespace: "vault-monitoring" });
  const ready = items.find(({ status }) =>
    status?.conditions?.some(({ type, status: holds }) => type === "Ready" && holds === "True"),
  );
  const port = ready?.metadata?.annotations?.[`${PORT_ANNOTATION}9464`];
  return port === undefined ? undefined : `127.0.0.1:${port}`;
}

/** Of Prometheus' text format. */
export function parsed(text: string): Told {
  const lines = text.matchAll(/^vault_management_(\w+(?:\{[^}]*\})?) (\S+)$/gm);
  return new Map([...lines].map(([, name = "", value]) => [name, Number(value)]));
}
