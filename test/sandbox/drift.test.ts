import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Looked } from "../../cli/drift/finding.ts";
import { type DriftGround, driftGround, foundOf, MANAGER } from "./drift/ground.ts";
import { inKubernetes } from "./drift/kubernetes-changes.ts";
import { inVault } from "./drift/vault-changes.ts";
import { putInVault } from "./main-job/ground.ts";

const changes = [...inVault, ...inKubernetes];

/** For tests that run the command several times. */
const timeout = 600_000;

/** What somebody does by hand to a deployed stack, found by those who may only look. The checks build on one another. */
describe("npm run drift", () => {
  let ground: DriftGround;

  beforeAll(async () => {
    ground = await driftGround();
    await ground.up();
  });

  afterAll(async () => {
    await ground?.close();
  });

  it("finds nothing right after a deployment, has looked at all of it, and needs the previewer's rights alone", async () => {
    const { code, findings, unseen, seen } = await ground.look();
    expect({ code, findings, unseen }).toEqual({ code: 0, findings: [], unseen: [] });
    expect(seen.Vault).toBeGreaterThan(30);
    expect(seen.Kubernetes).toBeGreaterThan(40);
  });

  describe("once somebody has changed things by hand", () => {
    let looked: { readonly code: number | null } & Looked;

    beforeAll(async () => {
      for (const { make } of changes) await make(ground);
      looked = await ground.look();
    });

    it.each(changes)("finds $title", ({ what, found }) => {
      expect(foundOf(looked.findings, what).toSorted()).toEqual([...found].toSorted());
    });

    it("finds nothing else, and answers with exit code 2", () => {
      const expected = changes.map(({ what }) => what);
      const others = looked.findings.filter((one) => !expected.some((what) => what.test(one.what)));
      expect(others).toEqual([]);
      expect(looked).toMatchObject({ code: 2, unseen: [] });
    });

    it("says who holds a field in Kubernetes, and since when", () => {
      const binding = looked.findings.find(({ what }) => what === "RoleBinding llm/external-secrets");
      expect(binding?.fields).toEqual([
        {
          field: "subjects",
          found: '[{"kind":"ServiceAccount","name":"default","namespace":"llm"}]',
          by: expect.stringMatching(new RegExp(`^${MANAGER}, 20`)),
        },
      ]);
    });

    it("prints them for a person, each field with both values", async () => {
      const { code, stdout } = await ground.run();
      expect(code).toBe(2);
      expect(stdout).toMatch(
        /role auth\/kubernetes\/role\/voyager-platform-user: not as declared\n {2}bound_service_account_names\n {4}declared {2}\["vault-store"\]\n {4}found {5}\["vault-store","default"\]/,
      );
      expect(stdout).toMatch(/audit device sys\/audit\/stdout: declared, and not there/);
      expect(stdout).not.toContain("by hand");
    });

    it("shows what it saw of one server when the other is away: exit code 1", { timeout }, async () => {
      const withoutVault = await ground.look({ env: { VAULT_ADDR: "https://127.0.0.1:1" } });
      expect(withoutVault.code).toBe(1);
      expect(foundOf(withoutVault.findings, /^RoleBinding llm/)).toEqual(["changed", "subjects"]);
      expect(withoutVault.unseen.map(({ what }) => what)).toContainEqual(
        expect.stringMatching(/^Vault: \d+ of \d+$/),
      );
      const kubeconfig = join(ground.sandbox.paths.root, "nowhere.kubeconfig");
      await writeFile(kubeconfig, nowhere(ground.sandbox.kubernetes.context));
      const withoutCluster = await ground.look({ env: { KUBECONFIG: kubeconfig } });
      expect(withoutCluster.code).toBe(1);
      expect(foundOf(withoutCluster.findings, /^audit device sys\/audit\/stdout/)).toEqual(["missing"]);
      expect(withoutCluster.unseen.map(({ what }) => what)).toContainEqual(
        expect.stringMatching(/^Kubernetes: \d+ of \d+$/),
      );
    });

    it("names what the token may not read, and goes on: exit code 1", async () => {
      const { code, unseen, findings } = await ground.look({ token: "secretAdmin" });
      expect(code).toBe(1);
      expect(unseen).toContainEqual({
        what: "policy sys/policies/acl/voyager-platform.llm.llm-gateway",
        why: expect.stringContaining("403"),
        failed: true,
      });
      expect(foundOf(findings, /^RoleBinding llm/)).toEqual(["changed", "subjects"]);
    });
  });

  it("finds nothing again once all of it is mended", async () => {
    for (const { undo } of changes) await undo?.(ground);
    await ground.up();
    const { code, findings } = await ground.look();
    expect({ code, findings }).toEqual({ code: 0, findings: [] });
  });

  describe("--nudge", () => {
    const lagging = "llm/openai-api-key";
    const secret = async () => (await ground.cluster.secret("llm", "openai-api-key"))?.api_key;

    it("finds nothing to do while the cluster has what Vault has", async () => {
      // What the changes above have left behind is brought in first; ESO itself may still be starting.
      const nudged = () => ground.nudge([], { token: "person", kubeconfig: "deployer" });
      await expect.poll(nudged, { timeout: 180_000 }).toMatchObject({ code: 0, nudged: [] });
      expect(await secret()).toBe("sk-drift-1");
    });

    it("with --plan only says what lags", async () => {
      // A version of the very second of a sync counts as read by it.
      await untilNextSecond();
      await putInVault(ground, "llm/openai", { api_key: "sk-drift-new" });
      const { code, nudged } = await ground.nudge(["--plan"], { token: "person" });
      expect({ code, nudged }).toEqual({
        code: 2,
        nudged: [
          {
            externalSecret: lagging,
            because: "lagging",
            lagSeconds: expect.any(Number),
            outcome: "planned",
          },
        ],
      });
      expect(await secret()).not.toBe("sk-drift-new");
    });

    it("says which right is missing: to patch ExternalSecrets, or to read metadata", {
      timeout,
    }, async () => {
      const refused = await ground.nudge([], { token: "person", kubeconfig: "auditor" });
      expect(refused).toMatchObject({
        code: 1,
        nudged: [{ outcome: "refused", why: expect.stringMatching(/403 .*cannot patch/) }],
      });
      const unknown = await ground.nudge([], { token: "previewer", kubeconfig: "deployer" });
      expect(unknown.code).toBe(1);
      expect(unknown.unknown).toContainEqual({
        externalSecret: lagging,
        why: expect.stringContaining("may not read kv/metadata/llm/openai"),
      });
    });

    it("has ESO bring the new value, an hour before its next refresh", async () => {
      const { code, nudged } = await ground.nudge([], { token: "person", kubeconfig: "deployer" });
      expect({ code, nudged }).toMatchObject({
        code: 0,
        nudged: [{ externalSecret: lagging, outcome: "synced" }],
      });
      expect(await secret()).toBe("sk-drift-new");
    });

    it("has a certificate issued anew that could not be, and leaves it alone once it is", {
      timeout,
    }, async () => {
      const { vault, cluster } = ground;
      const [name] = (await vault.list("drift-int/roles")) ?? [];
      const role = await vault.read(`drift-int/roles/${name}`);
      await vault.write(`drift-int/roles/${name}`, { ...role, allowed_domains: [] });
      await cluster.forceSync("llm", "gateway-tls");
      const planned = async () => (await ground.nudge(["--plan"], { token: "person" })).nudged;
      const certificate = { externalSecret: "llm/gateway-tls", because: "not ready", outcome: "planned" };
      await expect
        .poll(planned, { timeout: 60_000 })
        .toEqual([{ ...certificate, why: expect.stringMatching(/./) }]);
      await vault.write(`drift-int/roles/${name}`, role);
      // ESO may have come to it by itself meanwhile.
      const { code } = await ground.nudge([], { token: "person", kubeconfig: "deployer" });
      expect({ code, planned: await planned() }).toEqual({ code: 0, planned: [] });
    });
  });

  it.each([
    ["a stack without a file", ["-s", "nowhere"], /no Pulumi\.nowhere\.yaml/],
    ["--plan without --nudge", ["--plan"], /--plan: goes with --nudge/],
    ["a context that the kubeconfig does not have", ["--nudge", "--context", "nowhere"], /found nowhere/],
  ])("refuses %s", async (_, args, message) => {
    const { code, stderr } = await ground.run(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });
});

async function untilNextSecond(): Promise<void> {
  const begun = Math.floor(Date.now() / 1_000);
  await expect.poll(() => Math.floor(Date.now() / 1_000) > begun + 1, { timeout: 60_000 }).toBe(true);
}

function nowhere(context: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": context,
    clusters: [{ name: "nowhere", cluster: { server: "https://127.0.0.1:1" } }],
    contexts: [{ name: context, context: { cluster: "nowhere", user: "nobody" } }],
    users: [{ name: "nobody", user: { token: "none" } }],
  });
}
