import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { VaultClient } from "../../clients/vault.ts";
import { readLiving } from "../../sandbox/processes/record.ts";
import { up } from "../../sandbox/sandbox.ts";
import { readState } from "../../sandbox/state.ts";
import { type AlertsGround, alertsGround } from "./alerts/ground.ts";
import { whyNoPrometheus } from "./alerts/prometheus.ts";
import { frozen, restarted } from "./faults.ts";
import { putInVault } from "./main-job/ground.ts";
import { nodeThatIs } from "./vault-nodes.ts";

/** The chief alerts on a real Prometheus, over real servers whose faults are real: none fires before, each fires, each ends. */

const missing = whyNoPrometheus();
if (missing !== undefined) console.log(`skipped: ${missing}`);

/** An alert's own patience is up to two minutes here; faults and their ends take some as well. */
const TIMEOUT_MS = 1_200_000;

describe.skipIf(missing !== undefined)(
  "a Prometheus that scrapes ESO, the exporter and the audit reader",
  () => {
    let ground: AlertsGround;
    beforeAll(async () => {
      ground = await alertsGround();
    });
    afterAll(() => ground?.close());

    test("has series from all three, and tells of nothing while all is well", {
      timeout: TIMEOUT_MS,
    }, async () => {
      await ground.quiet(...WATCHED);
      for (const metric of [
        "externalsecret_status_condition",
        "vault_management_sync_ready",
        "vault_management_audit_reader_last_entry_timestamp_seconds",
      ]) {
        await ground.scraped(metric);
      }
      expect(await ground.told()).toEqual([]);
    });

    test("tells of a value that is gone, of that secret alone, and no more once it is back", {
      timeout: TIMEOUT_MS,
    }, async () => {
      await ground.vault.delete("kv/metadata/alerts/vanishing");
      const { annotations } = await ground.firing("SecretSyncFailing", { external_secret: "vanishing" });
      expect(annotations.summary).toBe("ESO cannot sync llm/vanishing from Vault.");
      await ground.firing("SecretSyncStale", { external_secret: "vanishing" });
      const others = (await ground.prometheus.alerts()).filter(
        ({ labels }) => labels.external_secret !== undefined && labels.external_secret !== "vanishing",
      );
      expect(others).toEqual([]);
      await putInVault(ground, "alerts/vanishing", { value: "back" });
      await ground.cluster.forceSync("llm", "vanishing");
      await ground.quiet("SecretSyncFailing", "SecretSyncStale");
    });

    test("tells of a Vault node that is down, and which", { timeout: TIMEOUT_MS }, async () => {
      const node = await nodeThatIs(ground.sandbox, "standby");
      const record = await readLiving(ground.sandbox.paths, node);
      process.kill(record?.pid ?? Number.NaN, "SIGKILL");
      await ground.firing("VaultNodeDown", { node });
      await ground.firing("VaultRaftLag", { node });
      expect(await ground.told()).not.toContain("VaultNoLeader");
      await up({ root: ground.sandbox.paths.root });
      await ground.quiet("VaultNodeDown", "VaultSealed", "VaultRaftLag");
    });

    test("tells of a Vault node that is sealed, and which, until it is unsealed", {
      timeout: TIMEOUT_MS,
    }, async () => {
      const node = await nodeThatIs(ground.sandbox, "active");
      onTestFinished(async () => {
        await up({ root: ground.sandbox.paths.root });
      });
      await ground.vault.write("sys/seal", {}).catch(() => {}); // its answer may be lost with the leader
      await ground.firing("VaultSealed", { node });
      await up({ root: ground.sandbox.paths.root });
      await ground.quiet("VaultSealed", "VaultRaftLag", "VaultNodeDown", "VaultNoLeader");
    });

    test("tells that Vault has no leader, when two of three nodes hang", {
      timeout: TIMEOUT_MS,
    }, async () => {
      const { paths, vault } = ground.sandbox;
      const hung = vault.nodes.slice(0, 2).map(({ name }) => name);
      onTestFinished(() => restarted(ground.sandbox));
      await frozen(paths, hung, () => ground.firing("VaultNoLeader"));
      await ground.quiet("VaultNoLeader", "VaultNodeDown", "VaultRaftLag");
    });

    test("tells of a store that cannot log in any more", { timeout: TIMEOUT_MS }, async () => {
      const role = "auth/kubernetes/role/voyager-platform-llm";
      const before = await ground.vault.read(role);
      await ground.vault.delete(role);
      onTestFinished(async () => {
        await ground.vault.write(role, before);
      });
      await ground.cluster.forceSync("llm", "vault-store", "secretstores");
      await ground.firing("SecretStoreNotReady", { namespace: "llm", store: "vault-store" });
      await ground.vault.write(role, before);
      await ground.cluster.forceSync("llm", "vault-store", "secretstores");
      await ground.quiet("SecretStoreNotReady", "SecretSyncFailing", "SecretSyncStale");
    });

    test("tells that somebody uses the rights of break-glass, whatever for", {
      timeout: TIMEOUT_MS,
    }, async () => {
      expect(await ground.told()).not.toContain("BreakGlassUsed");
      const { address, caPem, tokens } = ground.sandbox.vault;
      const operator = new VaultClient({ address, caPem, token: await readState(tokens.breakGlass) });
      await operator.read("auth/token/lookup-self").finally(() => operator.close());
      await ground.firing("BreakGlassUsed", { operator: "break-glass" });
    });

    test("tells of an audit device that cannot write, while others do", {
      timeout: TIMEOUT_MS,
    }, async () => {
      const connections: Socket[] = [];
      const listener = createServer((socket) => connections.push(socket)).listen(0, "127.0.0.1");
      await once(listener, "listening");
      const { port } = listener.address() as AddressInfo;
      const options = { address: `127.0.0.1:${port}`, socket_type: "tcp" };
      await ground.vault.write("sys/audit/listening", { type: "socket", options });
      onTestFinished(() => ground.vault.delete("sys/audit/listening"));
      expect(await ground.told()).not.toContain("AuditDeviceFailing");
      listener.close();
      for (const socket of connections) socket.destroy();
      await ground.vault.read("sys/audit");
      await ground.firing("AuditDeviceFailing");
    });

    test("tells that one audit device alone is left", { timeout: TIMEOUT_MS }, async () => {
      const devices = Object.entries((await ground.vault.read("sys/audit")) ?? {});
      // Vault lists them with a slash that it does not take in a write.
      const others = devices
        .map(([path, device]) => [path.replace(/\/$/, ""), device] as const)
        .filter(([path]) => path !== "file");
      for (const [path] of others) await ground.vault.delete(`sys/audit/${path}`);
      await ground.firing("AuditDevicesTooFew");
      for (const [path, device] of others) {
        const { type, description, local, options } = device as Readonly<Record<string, unknown>>;
        await ground.vault.write(`sys/audit/${path}`, { type, description, local, options });
      }
      await ground.quiet("AuditDevicesTooFew");
    });

    test("tells of a read that Vault denies, by whom", { timeout: TIMEOUT_MS }, async () => {
      const { address, caPem, tokens } = ground.sandbox.vault;
      const auditor = new VaultClient({ address, caPem, token: await readState(tokens.auditor) });
      await expect(auditor.read("kv/data/alerts/steady")).rejects.toThrow(/403/);
      await auditor.close();
      const { labels } = await ground.firing("UnexpectedDeniedReads", { mount: "kv", operation: "read" });
      expect(labels.login).toContain("auditor");
    });

    test("tells of ESO that is stopped, of what grows old meanwhile, and of a certificate that nobody renews", {
      timeout: TIMEOUT_MS,
    }, async () => {
      await ground.scaleEso(0);
      onTestFinished(() => ground.scaleEso(1));
      await ground.firing("EsoDown");
      // Not before: on its way out ESO may still sync.
      await putInVault(ground, "alerts/steady", { value: "newer" });
      await ground.firing("SecretSyncLagging", { external_secret: "steady" });
      await ground.firing("SecretSyncStale", { external_secret: "steady" });
      await ground.firing("CertificateNearExpiry", { certificate: "gateway-tls" });
      await ground.scaleEso(1);
      await ground.quiet("EsoDown", "SecretSyncLagging", "SecretSyncStale", "SecretSyncFailing");
      await ground.quiet("CertificateNearExpiry");
    });

    test("tells of an audit reader that has ended", { timeout: TIMEOUT_MS }, async () => {
      await ground.stopReader();
      const { annotations } = await ground.firing("AuditReaderSilent");
      expect(annotations.summary).toMatch(/^Nothing comes from the audit reader /);
    });
  },
);

const WATCHED = [
  ...["SecretSyncFailing", "SecretSyncStale", "SecretSyncLagging", "SecretStoreNotReady", "EsoDown"],
  ...["VaultNodeDown", "VaultSealed", "VaultNoLeader", "VaultRaftLag", "AuditDevicesTooFew", "ExporterDown"],
  ...["AuditReaderSilent", "AuditDeviceFailing", "CertificateNearExpiry", "BreakGlassOpen"],
];
