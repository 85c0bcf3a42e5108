import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatchV1Api, EventsV1Api, KubeConfig } from "@kubernetes/client-node";
import { type JobEnd, jobEnd, manualJob } from "../../../cli/rotate/jobs.ts";
import { directEngine } from "../../../sandbox/engine/direct/engine.ts";
import { until } from "../../../sandbox/processes/until.ts";
import { type RunningProvider, startProvider } from "../../../sandbox/providers/server.ts";
import { readState } from "../../../sandbox/state.ts";
import { type AuditRow, deviceLog } from "../audit/ground.ts";
import { runCommand, writeDevStack } from "../command.ts";
import { useSandbox } from "../harness.ts";
import { Cluster } from "../main-job/cluster.ts";
import {
  declarationWith,
  deploy,
  type Edit,
  type Fields,
  type Ground,
  projectFolder,
  putInVault,
  rootVault,
} from "../main-job/ground.ts";
import { RESTARTED, type RestartedWorkload, startWorkload } from "./workload.ts";

/** Not the one of the tests of `npm run rotate`: what a rotation remembers stays in Vault. */
export const KEY = "openai-deployed";
export const NAMESPACE = "vault-rotation";
export const SECRET = ["llm", "openai-api-key"] as const;
export const PROJECT = "proj_deployed";
const LIVE = "llm/openai";

/** The shortest that a declaration may have: twice the refresh interval, 90 s, and the time to roll out. */
export const OVERLAP_SECONDS = 111;

export interface DeployedGround extends Ground {
  readonly cluster: Cluster;
  /** As the deployer. */
  readonly batch: BatchV1Api;
  readonly provider: RunningProvider;
  /** Restarted by the rotation. */
  readonly workload: RestartedWorkload;
  /** What consumers have until the first rotation: a key that a person made. */
  readonly operatorsKey: string;
  up(...edits: readonly Edit[]): ReturnType<typeof deploy>;
  /** Runs a Job of the deployed CronJob, once and without retries; resolves with how it ended. */
  run(kind: "rotate" | "finish"): Promise<JobEnd>;
  /** The newest version of the live slot. */
  live(): Promise<{ readonly version: number; readonly value: string }>;
  /** The key that the Secret holds. */
  synced(): Promise<string | undefined>;
  events(): Promise<readonly { readonly reason: string; readonly note: string }[]>;
  /** The rows of an audit query over Vault's log, as an auditor asks it. */
  audit(query: readonly string[]): Promise<readonly AuditRow[]>;
  close(): Promise<void>;
}

/** The dev stack, whose key rotates at an emulated provider, and the exporter that tells of it. */
export function rotating(address: string, key: Edit = {}): Edit {
  return {
    ...refreshed,
    monitoring: { exporter: { interval: "5s" } },
    rotation: {
      keys: {
        [KEY]: {
          ...{ provider: "openai", baseUrl: `${address}/v1`, project: PROJECT, name: "llm-gateway" },
          ...{ path: LIVE, property: "api_key", admin: "platform/openai-admin#api_key" },
          ...{ schedule: "0 3 * * 1", overlap: `${OVERLAP_SECONDS}s`, rolloutTime: "1s" },
          restart: RESTARTED,
          ...key,
        },
      },
    },
  };
}

/** Refreshed as often as may be; a Secret that is not there yet is not waited for. */
export const refreshed: Edit = {
  externalSecrets: { readiness: { mode: "report", timeout: "1s" } },
  namespaces: {
    llm: { services: { "llm-gateway": { secrets: { "openai-api-key": { refreshInterval: "10s" } } } } },
  },
};

export async function deployedGround(): Promise<DeployedGround> {
  const sandbox = await useSandbox();
  const vault = await rootVault(sandbox);
  const ground: Ground = { engine: directEngine("the tests' own", projectFolder), sandbox, vault };
  const adminKey = `sk-admin-${randomBytes(16).toString("hex")}`;
  const provider = await startProvider(adminKey);
  const operatorsKey = provider.state.keys.putKey(`sk-operator-${randomBytes(16).toString("hex")}`).value;
  await deploy(ground, refreshed);
  await putInVault(ground, "platform/openai-admin", { api_key: adminKey });
  await putInVault(ground, LIVE, { api_key: operatorsKey });
  const cluster = new Cluster(sandbox);
  const synced = async () => (await cluster.secret(...SECRET))?.api_key;
  // Its pod takes the key once, at its start; an earlier file may have left another one in the Secret.
  await until("the operator's key was synced", { deadlineMs: 30_000, intervalMs: 100 }, async () =>
    (await synced()) === operatorsKey ? true : undefined,
  );
  const workload = await startWorkload(sandbox, SECRET[1]);
  const { admin, deployer } = sandbox.kubernetes.kubeconfigs;
  const events = configOf(admin).makeApiClient(EventsV1Api);
  const batch = configOf(deployer).makeApiClient(BatchV1Api);
  return {
    ...ground,
    ...{ cluster, batch, provider, operatorsKey, workload },
    up: (...edits) => deploy(ground, ...edits),
    run: (kind) => runJob(batch, kind),
    live: async () => {
      const secret = await vault.read(`kv/data/${LIVE}`);
      const { version } = (secret?.metadata ?? {}) as { readonly version?: number };
      const { api_key } = (secret?.data ?? {}) as Fields;
      return { version: version ?? 0, value: String(api_key) };
    },
    synced,
    events: () => eventsOf(events),
    audit: (query) => auditRows(ground, query),
    close: async () => {
      await workload.remove();
      await deploy(ground, { externalSecrets: { readiness: { mode: "report", timeout: "1s" } } });
      await provider.close();
      await vault.close();
    },
  };
}

async function runJob(batch: BatchV1Api, kind: "rotate" | "finish"): Promise<JobEnd> {
  const namespace = NAMESPACE;
  const cronJob = await batch.readNamespacedCronJob({ namespace, name: `${kind}-${KEY}` });
  const { spec, ...job } = manualJob(cronJob);
  if (spec === undefined) throw new Error("the CronJob has no template");
  const body = { ...job, spec: { ...spec, backoffLimit: 0 } };
  const { metadata } = await batch.createNamespacedJob({ namespace, body });
  const name = metadata?.name ?? "";
  return until(`the Job ${name} had ended`, { deadlineMs: 150_000, intervalMs: 250 }, async () =>
    jobEnd(await batch.readNamespacedJob({ namespace, name })),
  );
}

async function eventsOf(events: EventsV1Api) {
  const { items } = await events.listNamespacedEvent({ namespace: SECRET[0] });
  return items
    .filter(
      ({ regarding, reportingController }) =>
        reportingController === "vault-management/rotator" && regarding?.name === SECRET[1],
    )
    .map(({ reason = "", note = "" }) => ({ reason, note }));
}

async function auditRows({ sandbox }: Ground, query: readonly string[]): Promise<readonly AuditRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "rotation-deployed-"));
  await writeDevStack(folder, await declarationWith(sandbox));
  const env = {
    ...{ PATH: process.env.PATH ?? "", HOME: folder },
    VAULT_TOKEN: await readState(sandbox.vault.tokens.auditor),
  };
  const args = [...query, "--json", "--vault-log", deviceLog(sandbox.paths)];
  const { code, stdout, stderr } = await runCommand("cli/audit/main.ts", args, { cwd: folder, env });
  await rm(folder, { recursive: true });
  if (code !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { readonly rows: readonly AuditRow[] }).rows;
}

function configOf(file: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(file);
  return config;
}
