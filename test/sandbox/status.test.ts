import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { projectFolder } from "../../sandbox/engine/declaration.ts";
import { up } from "../../sandbox/sandbox.ts";
import { writeDevStack } from "./command.ts";
import { scaleEso } from "./eso.ts";
import { kill } from "./faults.ts";
import { testRoot } from "./harness.ts";
import { declarationWith, putInVault } from "./main-job/ground.ts";
import {
  auditor,
  kubeconfigToNowhere,
  NOWHERE,
  nudge,
  type StatusGround,
  statusGround,
  untilReport,
  untilWell,
} from "./status/ground.ts";
import { startPrometheus } from "./status/prometheus.ts";

let ground: StatusGround;
/** Everything that a value was at some time: none of it is ever printed. */
const values: string[] = [];
const hasPrometheus = spawnSync("prometheus", ["--version"]).status === 0;

beforeAll(async () => {
  ground = await statusGround();
  values.push(await ground.rotations.live("llm/openai"), await ground.rotations.live("llm/anthropic"));
});
afterAll(() => ground?.close());

describe("after a deployment", () => {
  test("all is well, with an auditor's rights in Vault and Kubernetes alone", async () => {
    const report = await ground.report();
    expect(report).toMatchObject({ code: 0, state: "well", findings: [], unseen: [] });
    expect(report.vault.nodes.map(({ name, state }) => [name, state]).toSorted()).toEqual([
      ["vault-1", expect.stringMatching(/^(active|standby)$/)],
      ["vault-2", expect.stringMatching(/^(active|standby)$/)],
      ["vault-3", expect.stringMatching(/^(active|standby)$/)],
    ]);
    expect(report.vault.raft).toMatchObject({ healthy: true, voters: 3, failureTolerance: 1 });
    expect(report).toMatchObject({
      auditDevices: ["file", "stdout"],
      eso: { desired: 1, available: 1, version: expect.any(String) },
      stores: [
        { namespace: "llm", name: "vault-store", ready: true },
        { namespace: "user", ready: true },
      ],
      secrets: [
        { namespace: "llm", name: "anthropic-api-key", state: "synced", lastSync: expect.any(String) },
        { namespace: "llm", name: "openai-api-key", state: "synced", lastSync: expect.any(String) },
      ],
      rotations: [
        { key: "anthropic", overdueSince: null, failure: null, nextRun: expect.any(String) },
        { key: "openai-llm", overdueSince: null, failure: null, nextRun: expect.any(String) },
      ],
      ...{ certificates: [], authorities: [], breakGlass: { open: 0 }, alerts: null },
    });
  });

  test("a person sees that on less than a screen, without colours into a pipe", async () => {
    const { code, stdout, stderr } = await ground.status([], { env: { FORCE_COLOR: "3" } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^dev: all is well/);
    expect(stdout.split("\n").length).toBeLessThan(24);
    expect(stdout).not.toContain("\u001b");
  });

  test("a new version waits for its refresh, which is not wrong", async () => {
    const value = "sk-newer-than-the-cluster";
    values.push(value);
    await putInVault(ground.rotations, "llm/anthropic", { api_key: value });
    const report = await untilReport(ground, ({ secrets }) =>
      expect(secrets?.map(({ state }) => state)).toEqual(["waiting", "synced"]),
    );
    expect(report).toMatchObject({ code: 0, state: "well" });
    await nudge("externalsecrets", "anthropic-api-key");
    await untilReport(ground, ({ secrets }) =>
      expect(secrets?.map(({ state }) => state)).toEqual(["synced", "synced"]),
    );
  });
});

describe("what is wrong is found, with the command that mends it, and is gone once it is mended", () => {
  test("a value that Vault does not have", async () => {
    await ground.rotations.vault.delete("kv/metadata/llm/anthropic");
    await nudge("externalsecrets", "anthropic-api-key");
    const { code, findings, stores } = await untilReport(ground, ({ findings: found }) =>
      expect(found).toHaveLength(1),
    );
    expect(code).toBe(2);
    expect(stores?.every(({ ready }) => ready)).toBe(true);
    expect(findings).toMatchObject([
      {
        ...{ area: "secrets", severity: "warning", subject: "llm/anthropic-api-key" },
        text: "ExternalSecret llm/anthropic-api-key is failing: Vault has no value at kv/llm/anthropic",
        next: ["npm run secrets -- put llm/anthropic"],
        since: expect.any(String),
      },
    ]);
    values.push("sk-put-again");
    await putInVault(ground.rotations, "llm/anthropic", { api_key: "sk-put-again" });
    await nudge("externalsecrets", "anthropic-api-key");
    await untilWell(ground);
  });

  test("a store that cannot log in: one finding for it and for what waits, in the words of ESO's event", async () => {
    const role = "auth/kubernetes/role/voyager-platform-llm";
    const before = await ground.rotations.vault.read(role);
    await ground.rotations.vault.delete(role);
    onTestFinished(async () => {
      await ground.rotations.vault.write(role, before);
      await nudge("secretstores", "vault-store");
      for (const name of ["openai-api-key", "anthropic-api-key"]) await nudge("externalsecrets", name);
      await untilWell(ground);
    });
    await nudge("secretstores", "vault-store");
    await nudge("externalsecrets", "openai-api-key");
    const { code, findings } = await untilReport(ground, ({ findings: found, secrets }) => {
      expect(found).toHaveLength(1);
      expect(secrets?.map(({ state }) => state)).toContain("failing");
    });
    expect(code).toBe(2);
    expect(findings).toMatchObject([
      {
        ...{ area: "stores", severity: "critical", subject: "llm/vault-store" },
        text: expect.stringMatching(
          /not ready: .*voyager-platform-llm.*; 1 ExternalSecret\(s\) wait for it$/,
        ),
      },
    ]);
  });

  test("ESO that does not run", async () => {
    await scaleEso(ground.rotations.sandbox, 0);
    onTestFinished(async () => {
      await scaleEso(ground.rotations.sandbox, 1);
      await untilWell(ground);
    });
    const { code, findings } = await untilReport(ground, ({ findings: found }) =>
      expect(found).toHaveLength(1),
    );
    expect(code).toBe(2);
    expect(findings).toMatchObject([
      { area: "eso", severity: "critical", subject: "vault/external-secrets" },
    ]);
  });

  test("a Vault node that is gone, while the others serve", async () => {
    const { vault } = await ground.report();
    const standby = vault.nodes.find(({ state }) => state === "standby");
    await kill(ground.rotations.sandbox.paths, standby?.name ?? "");
    onTestFinished(async () => {
      await up({ root: testRoot });
      await untilWell(ground);
    });
    const report = await ground.report();
    expect(report).toMatchObject({ code: 2, state: "wrong", auditDevices: ["file", "stdout"] });
    expect(report.findings).toContainEqual(
      expect.objectContaining({ area: "vault", severity: "warning", subject: standby?.name }),
    );
    expect(report.findings.filter(({ area }) => area === "vault")).toHaveLength(1);
  });
});

describe("what cannot be seen is said, and the rest is shown", () => {
  test("Vault out of reach", async () => {
    const report = await ground.report([], { env: { VAULT_ADDR: NOWHERE } });
    expect(report).toMatchObject({ code: 2, auditDevices: null, rotations: null, eso: { available: 1 } });
    expect(report.secrets?.map(({ state }) => state)).toEqual(["synced", "synced"]);
    expect(report.unseen).toEqual([
      {
        areas: ["raft", "audit", "secrets", "rotations", "break-glass"],
        why: expect.stringMatching(/^Vault at https:\/\/127\.0\.0\.1:1 cannot be reached: /),
      },
    ]);
  });

  test("Kubernetes out of reach", async () => {
    const KUBECONFIG = await kubeconfigToNowhere(ground.rotations.folder);
    const report = await ground.report([], { env: { KUBECONFIG } });
    expect(report).toMatchObject({
      code: 2,
      eso: null,
      stores: null,
      secrets: null,
      breakGlass: { open: 0 },
    });
    expect(report.rotations).toHaveLength(2);
    expect(report.unseen).toMatchObject([{ areas: ["eso", "stores", "secrets", "rotations"] }]);
  });

  test("neither of them, which alone is an error", async () => {
    const folder = await mkdtemp(join(tmpdir(), "status-nowhere-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { rotations } = ground;
    const gone = { vault: { address: NOWHERE, nodes: undefined } };
    await writeDevStack(folder, await declarationWith(rotations.sandbox, gone));
    const KUBECONFIG = await kubeconfigToNowhere(folder);
    const report = await ground.report([], { folder, env: { KUBECONFIG, VAULT_ADDR: "" } });
    expect(report).toMatchObject({ code: 1, state: "unseen", vault: { nodes: [{ state: "unreachable" }] } });
  });

  test("a right that is lacking, by its name", async () => {
    const person = { vault: "secretAdmin", kubernetes: "auditor" } as const;
    const report = await ground.report([], { person });
    expect(report).toMatchObject({ code: 2, auditDevices: null, vault: { raft: null }, findings: [] });
    expect(report.unseen.map(({ why }) => why).join()).toMatch(/capability "read" on "sys\/audit"/);
    expect(report.secrets?.map(({ state }) => state)).toEqual(["synced", "synced"]);
  });

  test("no token at all: what Vault tells anybody is shown", async () => {
    const report = await ground.report([], { env: { VAULT_TOKEN: "" } });
    expect(report.unseen).toMatchObject([{ why: expect.stringMatching(/^No Vault token: set VAULT_TOKEN/) }]);
    expect(report.vault.nodes).toHaveLength(3);
    expect(report.code).toBe(2);
  });
});

describe.skipIf(!hasPrometheus)("a real Prometheus", () => {
  const rule = (alert: string, expr: string, environment: string) => ({
    ...{ alert, expr, labels: { severity: "critical", environment } },
    annotations: { summary: `${alert} is so`, runbook: `docs/runbook.md#${alert.toLowerCase()}` },
  });

  test("is asked for this environment's alerts; what fires is wrong, and what another's does is not", async () => {
    const rules = [
      rule("UnexpectedDeniedReads", "vector(1)", "dev"),
      rule("EsoDown", "vector(0) > 1", "dev"),
      rule("VaultSealed", "vector(1)", "prod"),
    ];
    const prometheus = await startPrometheus(rules);
    onTestFinished(() => prometheus.close());
    const report = await vi.waitFor(async () => {
      const one = await ground.report(["--prometheus", prometheus.address]);
      expect(one.alerts?.firing).toHaveLength(1);
      return one;
    }, 30_000);
    expect(report).toMatchObject({ code: 2, state: "wrong", unseen: [] });
    expect(report.alerts).toMatchObject({ askedAt: prometheus.address, rules: 2 });
    expect(report.findings).toMatchObject([
      {
        ...{
          area: "alerts",
          severity: "critical",
          text: "alert UnexpectedDeniedReads is firing: UnexpectedDeniedReads is so",
        },
        runbook: "docs/runbook.md#unexpecteddeniedreads",
      },
    ]);
    const { stdout } = await ground.status(["--prometheus", prometheus.address]);
    expect(stdout).toContain("1 alert firing: UnexpectedDeniedReads, of 2 rules");
  });
});

test("a Prometheus that does not answer is said", async () => {
  const report = await ground.report(["--prometheus", "http://127.0.0.1:1"]);
  expect(report).toMatchObject({ code: 2, alerts: null, unseen: [{ areas: ["alerts"] }] });
});

test.each([
  ["an interval without its unit", ["--watch", "--interval", "5"], /--interval: found "5".*with its unit/],
  ["a Prometheus that is no address", ["--prometheus", "prometheus:9090"], /--prometheus: allowed is http/],
  [
    "a Prometheus with a password",
    ["--prometheus", "http://me:word@127.0.0.1"],
    /without a user and a password/,
  ],
  ["a stack without a file", ["--stack", "nowhere"], /There is no Pulumi\.nowhere\.yaml here/],
])("refuses %s", async (_name, args, message) => {
  const { code, stdout, stderr } = await ground.status(args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(message);
});

test("a watch gives a line of JSON each time, until Ctrl-C ends it with the last look's exit code", async () => {
  const { rotations } = ground;
  const child = spawn(
    process.execPath,
    [join(projectFolder, "cli/status/main.ts"), "--watch", "--interval", "1s", "--json"],
    { cwd: rotations.folder, env: { ...(await rotations.environment(auditor)) } },
  );
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += String(chunk);
  });
  const closed = once(child, "close");
  await vi.waitFor(() => expect(output.split("\n").length).toBeGreaterThan(2), 60_000);
  child.kill("SIGINT");
  expect(await closed).toEqual([0, null]);
  const reports = output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly state: string });
  expect(reports.length).toBeGreaterThanOrEqual(2);
  expect(new Set(reports.map(({ state }) => state))).toEqual(new Set(["well"]));
});

test("no value was printed", () => {
  expect(values.length).toBeGreaterThan(3);
  for (const value of values) expect(ground.printed()).not.toContain(value);
});
