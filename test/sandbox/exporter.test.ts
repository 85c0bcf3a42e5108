import { spawn } from "node:child_process";
import { once } from "node:events";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { VaultClient, VaultError } from "../../clients/vault.ts";
import { readLiving } from "../../sandbox/processes/record.ts";
import { until } from "../../sandbox/processes/until.ts";
import { readState } from "../../sandbox/state.ts";
import { freePort } from "./alerts/prometheus.ts";
import { type ExporterGround, exporterGround, LAGGING, PATH } from "./exporter/ground.ts";
import { parsed } from "./exporter/told.ts";
import { frozen, restarted } from "./faults.ts";
import { projectFolder, putInVault } from "./main-job/ground.ts";

const ofSecret = (metric: string) => `${metric}{namespace="llm",external_secret="${LAGGING}"}`;
const errorsOf = (collector: string) => `exporter_collection_errors_total{collector="${collector}"}`;

let ground: ExporterGround;

beforeAll(async () => {
  ground = await exporterGround();
});
afterAll(() => ground?.close());

describe("the exporter that the stack deploys, as its own service account", () => {
  test("tells of a stack that is well: everything is in sync, up and known, and no collector failed", async () => {
    const told = await ground.tells("all is well", (now) => now.get(ofSecret("sync_ready")) === 1);
    expect(told.get(ofSecret("sync_lag_seconds"))).toBe(0);
    expect(told.get(ofSecret("sync_stale"))).toBe(0);
    expect(told.get(ofSecret("sync_last_success_timestamp_seconds"))).toBeGreaterThan(0);
    expect(told.get('store_ready{namespace="llm",store="vault-store"}')).toBe(1);
    for (const { name: node } of ground.sandbox.vault.nodes) {
      expect(told.get(`vault_up{node="${node}"}`)).toBe(1);
      expect(told.get(`vault_sealed{node="${node}"}`)).toBe(0);
      expect(told.get(`vault_raft_healthy{node="${node}"}`)).toBe(1);
    }
    expect(told.get("vault_has_leader")).toBe(1);
    expect(told.get("audit_devices")).toBeGreaterThanOrEqual(2);
    expect(told.get("vault_telemetry")).toBe(1);
    expect(told.get("audit_failures_total")).toBe(0);
    expect(told.get("break_glass_incidents_open")).toBe(0);
    for (const collector of [
      "kubernetes",
      "kv",
      "nodes",
      "raft",
      "pki",
      "audit",
      "telemetry",
      "break-glass",
    ]) {
      expect(told.get(errorsOf(collector)), collector).toBe(0);
    }
  });

  test("tells since when the cluster lacks a new version, until a sync brings it", async () => {
    await putInVault(ground, PATH, { value: "second" });
    const first = await ground.tells("it lags", (now) => (now.get(ofSecret("sync_lag_seconds")) ?? 0) > 0);
    const lag = first.get(ofSecret("sync_lag_seconds")) ?? 0;
    await ground.tells("it lags more", (now) => (now.get(ofSecret("sync_lag_seconds")) ?? 0) > lag);
    expect(first.get(ofSecret("sync_ready"))).toBe(1);
    await ground.cluster.forceSync("llm", LAGGING);
    await ground.tells("it is in sync", (now) => now.get(ofSecret("sync_lag_seconds")) === 0);
  });

  test("tells of a secret that cannot be synced, and that it can be again", async () => {
    const { version } = ((await ground.vault.read(`kv/data/${PATH}`))?.metadata ?? {}) as {
      version?: number;
    };
    await ground.vault.write(`kv/delete/${PATH}`, { versions: [version] });
    await ground.cluster.forceSync("llm", LAGGING);
    const told = await ground.tells("it is not ready", (now) => now.get(ofSecret("sync_ready")) === 0);
    expect(told.get(ofSecret("sync_last_success_timestamp_seconds"))).toBeGreaterThan(0);
    await putInVault(ground, PATH, { value: "third" });
    await ground.cluster.forceSync("llm", LAGGING);
    await ground.tells("it is ready", (now) => now.get(ofSecret("sync_ready")) === 1);
  });

  test("tells which node does not answer, while the others do", async () => {
    const [node = ""] = [...(await ground.told())].flatMap(([name, value]) =>
      value === 0 ? (/^vault_leader\{node="(.+)"\}$/.exec(name)?.slice(1, 2) ?? []) : [],
    );
    const down = await frozen(ground.sandbox.paths, [node], () =>
      ground.tells(`${node} is down`, (now) => now.get(`vault_up{node="${node}"}`) === 0),
    );
    expect(down.has(`vault_sealed{node="${node}"}`)).toBe(false);
    expect(down.get("vault_has_leader")).toBe(1);
    await ground.tells(`${node} is up`, (now) => now.get(`vault_up{node="${node}"}`) === 1);
  });

  test("goes on without Vault: it serves what it has seen, says what fails, and comes back", async () => {
    const { paths, vault } = ground.sandbox;
    const nodes = vault.nodes.map(({ name }) => name);
    onTestFinished(() => restarted(ground.sandbox));
    const before = (await ground.told()).get(errorsOf("kv")) ?? 0;
    const down = await frozen(paths, nodes, () =>
      ground.tells("Vault is gone", (now) => (now.get(errorsOf("kv")) ?? 0) > before),
    );
    expect(down.get(ofSecret("sync_ready"))).toBe(1);
    expect(down.get(ofSecret("sync_lag_seconds"))).toBe(0);
    const failed = down.get('exporter_last_success_timestamp_seconds{collector="kv"}') ?? 0;
    await ground.tells(
      "Vault is back",
      (now) =>
        now.get("vault_has_leader") === 1 &&
        (now.get('exporter_last_success_timestamp_seconds{collector="kv"}') ?? 0) > failed,
    );
  });

  test("goes on without Kubernetes: Vault is told as before, and it comes back", async () => {
    const before = (await ground.told()).get(errorsOf("kubernetes")) ?? 0;
    const success = (told: ReadonlyMap<string, number>, collector: string) =>
      told.get(`exporter_last_success_timestamp_seconds{collector="${collector}"}`) ?? 0;
    const down = await frozen(ground.sandbox.paths, ["kube-apiserver"], () =>
      ground.tells("Kubernetes is gone", (now) => (now.get(errorsOf("kubernetes")) ?? 0) > before),
    );
    expect(down.get(ofSecret("sync_ready"))).toBe(1);
    expect(success(down, "nodes")).toBeGreaterThan(success(down, "kubernetes"));
    await ground.tells(
      "Kubernetes is back",
      (now) => success(now, "kubernetes") > success(down, "kubernetes"),
    );
  });
});

describe("the audit reader, on a device of Vault's", () => {
  test("counts a refused read and a root token's use, over the log's rotation", async () => {
    const { sandbox, vault } = ground;
    const log = join(sandbox.paths.vaultAudit, "audit-reader.log");
    await vault.write("sys/audit/audit-reader", { type: "file", options: { file_path: log } });
    onTestFinished(() => vault.delete("sys/audit/audit-reader"));
    const address = `127.0.0.1:${await freePort()}`;
    const program = join(projectFolder, "jobs/audit-reader/main.ts");
    const reader = spawn(process.execPath, [program, log, `--listen=${address}`], {
      env: {},
      stdio: "ignore",
    });
    onTestFinished(async () => {
      if (reader.kill()) await once(reader, "exit");
    });
    const count = async (begins: string) => {
      const told = parsed(await (await fetch(`http://${address}/metrics`)).text());
      return [...told].reduce((sum, [name, value]) => (name.startsWith(begins) ? sum + value : sum), 0);
    };
    const counted = (begins: string, more: number) =>
      until(`${begins} was counted`, { deadlineMs: 60_000, intervalMs: 200 }, async () =>
        (await count(begins).catch(() => 0)) > more ? true : undefined,
      );
    const denied = 'denied_requests_total{mount="kv",operation="read"';
    await until("the reader followed", { deadlineMs: 60_000, intervalMs: 200 }, async () =>
      (await count("root_requests_total").catch(() => undefined)) === undefined ? undefined : true,
    );
    await refusedRead();
    await counted(denied, 0);
    await vault.read("sys/audit");
    await counted("root_requests_total", 0);

    const before = await count(denied);
    await rename(log, `${log}.1`);
    for (const { name } of sandbox.vault.nodes) {
      const record = await readLiving(sandbox.paths, name);
      if (record !== undefined) process.kill(record.pid, "SIGHUP"); // reopens its files
    }
    await refusedRead();
    await counted(denied, before);
    expect(await count('denied_requests_total{mount="kv",operation="read",login="')).toBe(before + 1);
  });

  /** An auditor reads no value. */
  async function refusedRead(): Promise<void> {
    const { address, caPem, tokens } = ground.sandbox.vault;
    const auditor = new VaultClient({ address, caPem, token: await readState(tokens.auditor) });
    try {
      await expect(auditor.read(`kv/data/${PATH}`)).rejects.toThrow(VaultError);
    } finally {
      await auditor.close();
    }
  }
});
