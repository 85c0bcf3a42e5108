import { readFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { CONTENT_TYPE, exposition } from "../shared/exposition.ts";
import { Log } from "../shared/log.ts";
import { type Listen, listenAt, serveMetrics } from "../shared/serve.ts";
import { readSpec } from "../shared/spec-file.ts";
import { ExporterCluster } from "./cluster.ts";
import { auditCollector, telemetryCollector } from "./collectors/audit.ts";
import { kubernetesCollector } from "./collectors/kubernetes.ts";
import { breakGlassCollector, kvCollector } from "./collectors/kv.ts";
import { nodesCollector } from "./collectors/nodes.ts";
import { pkiCollector } from "./collectors/pki.ts";
import { raftCollector } from "./collectors/raft.ts";
import { rotationCollector } from "./collectors/rotation.ts";
import { metrics } from "./metrics.ts";
import { Rounds } from "./rounds.ts";
import { samplesOf } from "./samples.ts";
import { type ExporterSpec, exporterSpec } from "./spec.ts";
import { ExporterVault } from "./vault.ts";

/**
 * The exporter: says how far the cluster is behind Vault, and repairs nothing. Beside its arguments it takes from the
 * environment: what every pod has (see shared/pod.ts), and VAULT_CACERT, a PEM file to trust instead of the system's.
 */

const USAGE = "usage: node exporter.mjs <spec.json> --listen=[<host>]:<port>";

/** For one request. */
const REQUEST_MS = 10_000;

async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [file, flag = "", ...more] = args;
  const listen = flag.startsWith("--listen=") ? listenAt(flag.slice("--listen=".length)) : undefined;
  if (file === undefined || listen === undefined || more.length > 0) {
    console.error(USAGE);
    return 2;
  }
  const spec = await readSpec(file, exporterSpec);
  if (spec === undefined) return 2;
  await run(spec, listen, env);
  return 0;
}

async function run(spec: ExporterSpec, listen: Listen, env: NodeJS.ProcessEnv): Promise<void> {
  const log = new Log({ environment: spec.environment });
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  const cluster = new ExporterCluster(env, REQUEST_MS);
  const vault = await connect(spec, cluster, log, env);
  const rounds = new Rounds(collectorsOf(spec, cluster, vault), (collector, failures) =>
    log.step(failures.length > 0 ? "incomplete" : "complete", { collector, failures: failures.slice(0, 5) }),
  );
  const server = await serveMetrics(listen, {
    contentType: CONTENT_TYPE,
    metrics: () => {
      const samples = [...samplesOf(spec, rounds.seen, new Date()), ...rounds.samples()];
      return exposition(metrics, samples, { environment: spec.environment });
    },
    ready: () => rounds.done > 0,
  });
  log.step("serving", { port: listen.port });
  while (!stop.signal.aborted) {
    await rounds.round();
    await setTimeout(spec.intervalSeconds * 1_000, undefined, { signal: stop.signal }).catch(() => {});
  }
  server.close();
  await vault.logout();
}

async function connect(
  spec: ExporterSpec,
  cluster: ExporterCluster,
  log: Log,
  env: NodeJS.ProcessEnv,
): Promise<ExporterVault> {
  const caPem = env.VAULT_CACERT === undefined ? undefined : await readFile(env.VAULT_CACERT, "utf8");
  return new ExporterVault({
    spec: spec.vault,
    jwt: () => cluster.ownToken(spec.account, spec.vault.audiences),
    hide: (value) => log.secrets.add(value),
    timeoutMs: REQUEST_MS,
    ...(caPem === undefined ? {} : { caPem }),
  });
}

function collectorsOf(spec: ExporterSpec, cluster: ExporterCluster, vault: ExporterVault) {
  return {
    kubernetes: kubernetesCollector(spec, cluster),
    kv: kvCollector(spec, vault),
    rotation: rotationCollector(spec, cluster),
    nodes: nodesCollector(spec, vault),
    raft: raftCollector(vault),
    pki: pkiCollector(spec, vault),
    audit: auditCollector(vault),
    telemetry: telemetryCollector(spec, vault),
    "break-glass": breakGlassCollector(spec, vault),
  };
}

process.exitCode = await main(process.argv.slice(2), process.env).catch((error: unknown) => {
  console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 1;
});
