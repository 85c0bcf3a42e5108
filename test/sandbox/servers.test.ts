import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Agent, request } from "undici";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { VaultClient } from "../../clients/vault.ts";
import { parseSettings } from "../../config/parse.ts";
import { bootstrapOperators } from "../../sandbox/operators/bootstrap.ts";
import { startTimeOf } from "../../sandbox/processes/identity.ts";
import { planPorts } from "../../sandbox/processes/ports.ts";
import { readLiving, readRecord, writeRecord } from "../../sandbox/processes/record.ts";
import { down, type RunningSandbox, type SandboxStatus, status, up } from "../../sandbox/sandbox.ts";
import { openRoot } from "../../sandbox/vault/root.ts";
import { testPortBase, testRoot, useSandbox } from "./harness.ts";
import { declarationWith } from "./main-job/ground.ts";

let sandbox: RunningSandbox;

beforeAll(async () => {
  sandbox = await useSandbox();
});

async function vaultClient(address = sandbox.vault.address): Promise<VaultClient> {
  const client = await openRoot({ ...sandbox, vault: { ...sandbox.vault, address } });
  onTestFinished(() => client.close());
  return client;
}

/** A request with one of the sandbox's client certificates. */
async function requestAs(name: string, url: string, body?: unknown): Promise<unknown> {
  const { caFile, certificates } = sandbox.paths;
  const [ca, cert, key] = await Promise.all(
    [caFile, join(certificates, `${name}.crt`), join(certificates, `${name}.key`)].map((file) =>
      readFile(file),
    ),
  );
  const dispatcher = new Agent({ connect: { ca, cert, key } });
  const answer = await request(url, {
    dispatcher,
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    headers: { "Content-Type": "application/json" },
  });
  const json = await answer.body.json();
  await dispatcher.close();
  expect(answer.statusCode, JSON.stringify(json)).toBeLessThan(300);
  return json;
}

function kubernetes(path: string, body?: unknown): Promise<unknown> {
  return requestAs("kubernetes-admin", `${sandbox.kubernetes.address}${path}`, body);
}

function pids({ processes }: SandboxStatus): Readonly<Record<string, number | undefined>> {
  return Object.fromEntries(processes.map(({ name, pid }) => [name, pid]));
}

async function kill(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    const record = await readLiving(sandbox.paths, name);
    if (record === undefined) throw new Error(`${name} does not run`);
    process.kill(record.pid, "SIGKILL");
    await vi.waitFor(async () => expect(await readLiving(sandbox.paths, name)).toBeUndefined());
  }
}

async function leaderName(): Promise<string> {
  const health = await Promise.all(
    sandbox.vault.nodes.map(async ({ name, address }) => {
      const client = new VaultClient({ address, caPem: sandbox.vault.caPem });
      const answer = await client.health().finally(() => client.close());
      return { name, active: answer.status === 200 };
    }),
  );
  return health.find((node) => node.active)?.name ?? "none";
}

describe("what is up", () => {
  test("every process runs, and all of them are well within 2 GiB", async () => {
    const current = await status({ root: testRoot });
    expect(current.summary).toBe("up");
    const bytes = [...current.processes, ...current.pods].reduce((sum, one) => sum + one.residentBytes, 0);
    expect(bytes).toBeLessThan(2 * 2 ** 30);
  });

  test("three Vault nodes vote, behind one address", async () => {
    const client = await vaultClient();
    const { data = {} } = await client.request("GET", "sys/storage/raft/configuration");
    const { servers } = data.config as { servers: { node_id: string; voter: boolean }[] };
    expect(servers.filter((server) => server.voter).map((server) => server.node_id)).toHaveLength(3);
  });

  test("tokens are issued by the declared issuer, for the declared audience", async () => {
    const path = "/api/v1/namespaces/default/serviceaccounts/default/token";
    const answer = (await kubernetes(path, { spec: {} })) as { status: { token: string } };
    const claims = JSON.parse(Buffer.from(answer.status.token.split(".")[1] ?? "", "base64url").toString());
    expect(claims.iss).toBe(sandbox.kubernetes.issuer);
    expect(claims.aud).toEqual([sandbox.kubernetes.apiAudience]);
  });

  test("controllers work: a Deployment gets its ReplicaSet", async () => {
    const name = "controllers-work";
    const labels = { app: name };
    await kubernetes("/apis/apps/v1/namespaces/default/deployments", {
      metadata: { name },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name, image: "node" }] } },
      },
    });
    await vi.waitFor(async () => {
      const sets = await kubernetes(`/apis/apps/v1/namespaces/default/replicasets?labelSelector=app=${name}`);
      expect((sets as { items: unknown[] }).items).toHaveLength(1);
    }, 20_000);
  });

  test("a Secret is encrypted in etcd", async () => {
    await kubernetes("/api/v1/namespaces/default/secrets", {
      metadata: { name: "at-rest" },
      stringData: { password: "canary-at-rest" },
    });
    const etcd = `https://127.0.0.1:${planPorts(testPortBase).etcdClient}/v3/kv/range`;
    const key = Buffer.from("/registry/secrets/default/at-rest").toString("base64");
    const { kvs } = (await requestAs("etcd-client", etcd, { key })) as { kvs: { value: string }[] };
    const stored = Buffer.from(kvs[0]?.value ?? "", "base64").toString("latin1");
    expect(stored).toMatch(/^k8s:enc:secretbox:v1:sandbox:/);
    expect(stored).not.toContain("canary-at-rest");
  });

  test("who reads a Secret stands in the audit log, which is private, and the value does not", async () => {
    await kubernetes("/api/v1/namespaces/default/secrets", {
      metadata: { name: "audited" },
      stringData: { password: "canary-audited" },
    });
    await kubernetes("/api/v1/namespaces/default/secrets/audited");
    const { kubernetesAuditLog } = sandbox.paths;
    const log = await vi.waitFor(async () => {
      const text = await readFile(kubernetesAuditLog, "utf8");
      expect(text).toMatch(/"verb":"get","user":{"username":"sandbox-admin".*"name":"audited"/);
      return text;
    });
    for (const body of ["canary-audited", Buffer.from("canary-audited").toString("base64"), "requestObject"])
      expect(log).not.toContain(body);
    expect(((await stat(kubernetesAuditLog)).mode & 0o777).toString(8)).toBe("600");
  });

  test("etcd serves nobody without a certificate of the sandbox", async () => {
    const { etcdClient } = planPorts(testPortBase);
    const dispatcher = new Agent({ connect: { ca: sandbox.vault.caPem } });
    onTestFinished(() => dispatcher.close());
    const asking = request(`https://127.0.0.1:${etcdClient}/v3/kv/range`, { dispatcher, method: "POST" });
    await expect(asking).rejects.toThrow();
  });

  test("files with secrets are 0600, and no secret is in an argument list", async () => {
    const { paths, kubernetes: api } = sandbox;
    const secretFiles = [paths.vaultPeersTokenFile, paths.vaultUnsealKeyFile, paths.encryptionConfig];
    for (const file of [...secretFiles, api.kubeconfigs.admin])
      expect(((await stat(file)).mode & 0o777).toString(8), file).toBe("600");
    const token = await readFile(paths.vaultPeersTokenFile, "utf8");
    for (const { name } of (await status({ root: testRoot })).processes) {
      const command = (await readRecord(paths, name))?.command.join(" ");
      expect(command, name).toBeDefined();
      expect(command, name).not.toContain(token);
    }
  });

  test("env prints lines with which a shell's programs find it", async () => {
    await bootstrapOperators(sandbox, parseSettings(await declarationWith(sandbox), "Pulumi.dev.yaml"));
    const program = join(import.meta.dirname, "../../sandbox/main.ts");
    const env = { ...process.env, SANDBOX_STATE: testRoot };
    const lines = execFileSync(process.execPath, [program, "env"], { env, encoding: "utf8" });
    const script = `${lines}\nprintf '%s\\n' "$VAULT_ADDR" "$VAULT_CACERT" "$KUBECONFIG"; test -n "$VAULT_TOKEN"`;
    const shown = execFileSync("/bin/sh", ["-c", script], {
      env: { PATH: process.env.PATH },
      encoding: "utf8",
    });
    const { vault, kubernetes: api } = sandbox;
    expect(shown.trim().split("\n")).toEqual([vault.address, vault.caFile, api.kubeconfigs.admin]);
  });
});

describe("up again", () => {
  test("touches no running process, and is quick", async () => {
    const before = pids(await status({ root: testRoot }));
    const start = performance.now();
    await up({ root: testRoot });
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(pids(await status({ root: testRoot }))).toEqual(before);
  });

  test("while another up is at work, is refused", async () => {
    const [first, second] = await Promise.allSettled([up({ root: testRoot }), up({ root: testRoot })]);
    expect([first, second].map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  test("repairs after the Vault leader and the API server were killed; the rest is left alone", async () => {
    const client = await vaultClient();
    await client.write("sys/mounts/repair", { type: "kv", options: { version: "1" } });
    await client.write("repair/before", { answer: "42" });
    await kubernetes("/api/v1/namespaces/default/configmaps", { metadata: { name: "before-repair" } });
    const before = pids(await status({ root: testRoot }));
    const leader = await leaderName();

    await kill(leader, "kube-apiserver");
    expect((await status({ root: testRoot })).summary).toBe("partly up");
    await up({ root: testRoot });

    const after = await status({ root: testRoot });
    expect(after.summary).toBe("up");
    const changed = Object.entries(pids(after)).filter(([name, pid]) => before[name] !== pid);
    expect(changed.map(([name]) => name).sort()).toEqual(["kube-apiserver", leader].sort());
    expect(await client.read("repair/before")).toEqual({ answer: "42" });
    await kubernetes("/api/v1/namespaces/default/configmaps/before-repair");
  });

  test("unseals a node that was sealed, without restarting it", async () => {
    const before = await status({ root: testRoot });
    const leader = await leaderName();
    const { address } = sandbox.vault.nodes.find(({ name }) => name === leader) ?? sandbox.vault;
    await (await vaultClient(address)).write("sys/seal", {});
    const sealed = (await status({ root: testRoot })).processes.find(({ name }) => name === leader);
    expect(sealed?.state).toBe("sealed");
    await up({ root: testRoot });
    const after = await status({ root: testRoot });
    expect(after.summary).toBe("up");
    expect(pids(after)).toEqual(pids(before));
  });

  test("repairs after everything was killed, as by a reboot", async () => {
    const client = await vaultClient();
    await client.write("sys/mounts/reboot", { type: "kv", options: { version: "1" } });
    await client.write("reboot/before", { answer: "42" });
    await kill(...(await status({ root: testRoot })).processes.map(({ name }) => name));
    expect((await status({ root: testRoot })).summary).toBe("down");
    await up({ root: testRoot });
    expect((await status({ root: testRoot })).summary).toBe("up");
    expect(await client.read("reboot/before")).toEqual({ answer: "42" });
  });
});

test("when the Vault leader is lost, the same address serves again within seconds", async () => {
  const client = await vaultClient();
  await kill(await leaderName());
  onTestFinished(async () => void (await up({ root: testRoot })));
  const start = performance.now();
  await vi.waitFor(() => client.write("sys/capabilities-self", { paths: ["sys/mounts"] }), {
    timeout: 30_000,
    interval: 100,
  });
  expect(performance.now() - start).toBeLessThan(20_000);
});

test("down ends what up started, and not a process that got a recorded pid since", async () => {
  const stranger = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  onTestFinished(() => void stranger.kill("SIGKILL"));
  await once(stranger, "spawn");
  await kill("vault-forwarder");
  const record = { name: "vault-forwarder", startTime: "an-earlier-boot:1", command: ["x"] };
  await writeRecord(sandbox.paths, { ...record, pid: stranger.pid ?? 0 });

  const ended = await down({ root: testRoot });
  expect(ended).toContain("vault-1");
  expect(ended).not.toContain("vault-forwarder");
  expect(stranger.signalCode).toBeNull();
  expect(stranger.exitCode).toBeNull();
  expect((await status({ root: testRoot })).summary).toBe("down");

  await up({ root: testRoot }); // for the tests that follow
});

test("down ends the pods too, also those of a node agent that was killed", async () => {
  const container = {
    name: "main",
    image: "node:24",
    command: ["node", "-e", "setInterval(() => {}, 1000)"],
  };
  const pod = { metadata: { name: "orphan" }, spec: { containers: [container] } };
  const before = new Set((await status({ root: testRoot })).pods.map(({ pid }) => pid));
  await kubernetes("/api/v1/namespaces/default/pods", pod);
  const [process] = await vi.waitFor(async () => {
    const { pods } = await status({ root: testRoot });
    const started = pods.filter(({ name, pid }) => name === "node" && !before.has(pid));
    expect(started).toHaveLength(1);
    return started;
  }, 30_000);
  const pid = process?.pid ?? 0;
  expect(await startTimeOf(pid)).toBeDefined();

  await kill("node-agent");
  expect(await startTimeOf(pid)).toBeDefined();
  await down({ root: testRoot });
  expect(await startTimeOf(pid)).toBeUndefined();

  await up({ root: testRoot }); // for the tests that follow
});
