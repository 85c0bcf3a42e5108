import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { ruleGroups } from "../../../components/monitoring/rules/all.ts";
import { parseSettings } from "../../../config/parse.ts";
import { directEngine } from "../../../sandbox/engine/direct/engine.ts";
import { PORT_ANNOTATION } from "../../../sandbox/node-agent/plan/ports.ts";
import { until } from "../../../sandbox/processes/until.ts";
import { scaleEso } from "../eso.ts";
import { useSandbox } from "../harness.ts";
import { Cluster } from "../main-job/cluster.ts";
import {
  declarationWith,
  deploy,
  type Edit,
  type Ground,
  projectFolder,
  putInVault,
  rootVault,
} from "../main-job/ground.ts";
import { domain, gateway } from "../pki/ground.ts";
import { type ActiveAlert, freePort, Prometheus } from "./prometheus.ts";

/** How long a fault may take to be told: the longest of the rules' own times here, and a busy machine. */
const PATIENCE_MS = 600_000;

export interface AlertsGround extends Ground {
  readonly cluster: Cluster;
  readonly prometheus: Prometheus;
  /** Resolves once Prometheus has a series of that metric. */
  scraped(metric: string): Promise<void>;
  /** Resolves with the alert once it fires, as the labels given here have it. */
  firing(alert: string, labels?: Readonly<Record<string, string>>): Promise<ActiveAlert>;
  /** Resolves once none of these fires or is about to. */
  quiet(...alerts: readonly string[]): Promise<void>;
  /** Names of all that fire now. */
  told(): Promise<readonly string[]>;
  /** How many pods ESO has; resolves once it is so, and Prometheus knows where to scrape. */
  scaleEso(replicas: number): Promise<void>;
  stopReader(): Promise<void>;
  close(): Promise<void>;
}

/** Two secrets that are refreshed as often as may be, a certificate, the exporter, and a reader of the one audit log. */
function watched(nodes: Readonly<Record<string, string>>, reader: string): Edit {
  const secret = (path: string) => ({ refreshInterval: "10s", data: { value: `${path}#value` } });
  return {
    externalSecrets: { readiness: { mode: "report", timeout: "1s" } },
    namespaces: {
      llm: {
        services: {
          "llm-gateway": {
            secrets: { vanishing: secret("alerts/vanishing"), steady: secret("alerts/steady") },
            certificates: { "gateway-tls": { commonName: gateway, ttl: "90s" } },
          },
        },
      },
    },
    pki: {
      domains: [domain],
      root: { mount: "alerts-root", commonName: "Alerts Root", ttl: "87600h", generation: 1 },
      intermediate: { mount: "alerts-int", commonName: "Alerts Intermediate", ttl: "43800h", generation: 1 },
    },
    monitoring: {
      prometheusRules: true,
      exporter: { interval: "5s" },
      vault: { nodes },
      auditReaders: [reader],
    },
  };
}

export async function alertsGround(): Promise<AlertsGround> {
  const sandbox = await useSandbox();
  const ground: Ground = {
    engine: directEngine("the tests' own", projectFolder),
    sandbox,
    vault: await rootVault(sandbox),
  };
  const readerAddress = `127.0.0.1:${await freePort()}`;
  const nodes = Object.fromEntries(sandbox.vault.nodes.map(({ name, address }) => [name, address]));
  const edit = watched(nodes, readerAddress);
  await deploy(ground, edit);
  for (const path of ["llm/openai", "alerts/vanishing", "alerts/steady"]) {
    await putInVault(ground, path, { value: "first", api_key: "first" });
  }
  const config = new KubeConfig();
  config.loadFromFile(sandbox.kubernetes.kubeconfigs.admin);
  const core = config.makeApiClient(CoreV1Api);
  const settings = parseSettings(await declarationWith(sandbox, edit), "Pulumi.dev.yaml");
  const prometheus = await Prometheus.start(ruleGroups(settings), ["eso", "exporter", "readers"]);
  const scrapePods = async (job: string, namespace: string, port: number) =>
    prometheus.scrape(job, await podAddresses(core, namespace, port));
  const reader = await startReader(join(sandbox.paths.vaultAudit, "file.log"), readerAddress);
  await scrapePods("eso", "vault", 8080);
  await scrapePods("exporter", "vault-monitoring", 9464);
  await prometheus.scrape("readers", [readerAddress]);
  return {
    ...ground,
    ...{ prometheus, cluster: new Cluster(sandbox) },
    scraped: async (metric) => {
      await until(`${metric} was scraped`, { deadlineMs: PATIENCE_MS, intervalMs: 500 }, async () =>
        (await prometheus.query(metric)).length > 0 ? true : undefined,
      );
    },
    firing: (alert, labels = {}) =>
      until(`${alert} fired`, { deadlineMs: PATIENCE_MS, intervalMs: 500 }, async () =>
        (await prometheus.alerts()).find(
          (one) => one.state === "firing" && matches(one.labels, { alertname: alert, ...labels }),
        ),
      ),
    quiet: async (...alerts) => {
      await until(`none of ${alerts} was active`, { deadlineMs: PATIENCE_MS, intervalMs: 500 }, async () => {
        const active = await prometheus.alerts();
        return active.some(({ labels }) => alerts.includes(labels.alertname ?? "")) ? undefined : true;
      });
    },
    told: async () => {
      const firing = (await prometheus.alerts()).filter(({ state }) => state === "firing");
      return [...new Set(firing.map(({ labels }) => labels.alertname ?? ""))].toSorted();
    },
    scaleEso: async (replicas) => {
      await scaleEso(sandbox, replicas);
      await until(`ESO had ${replicas} pods`, { deadlineMs: 120_000, intervalMs: 250 }, async () =>
        (await podAddresses(core, "vault", 8080)).length === replicas ? true : undefined,
      );
      await scrapePods("eso", "vault", 8080);
    },
    stopReader: () => end(reader),
    close: async () => {
      await end(reader);
      await prometheus.stop();
      await deploy(ground, { externalSecrets: { readiness: { mode: "report", timeout: "1s" } } });
      for (const mount of ["alerts-root", "alerts-int"]) await ground.vault.delete(`sys/mounts/${mount}`);
      await ground.vault.close();
    },
  };
}

function matches(
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([label, value]) => labels[label] === value);
}

/** Where the running pods of a namespace really listen for a port of theirs. */
async function podAddresses(core: CoreV1Api, namespace: string, port: number): Promise<readonly string[]> {
  const { items } = await core.listNamespacedPod({ namespace });
  return items.flatMap(({ metadata, status }) => {
    const real = metadata?.annotations?.[`${PORT_ANNOTATION}${port}`];
    return status?.phase === "Running" && real !== undefined ? [`127.0.0.1:${real}`] : [];
  });
}

/** The audit reader as it runs beside a Vault node. */
async function startReader(log: string, address: string): Promise<ChildProcess> {
  const program = join(projectFolder, "jobs/audit-reader/main.ts");
  const reader = spawn(process.execPath, [program, log, `--listen=${address}`], {
    env: {},
    stdio: "ignore",
  });
  await until("the audit reader served", { deadlineMs: 30_000, intervalMs: 100 }, async () => {
    if (reader.exitCode !== null) throw new Error(`the audit reader ended with ${reader.exitCode}`);
    const answer = await fetch(`http://${address}/metrics`).catch(() => undefined);
    return answer?.ok ? true : undefined;
  });
  return reader;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
