import { stat } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { VaultClient } from "../../../clients/vault.ts";
import { readLiving } from "../../../sandbox/processes/record.ts";
import { status, up } from "../../../sandbox/sandbox.ts";
import { nodeThatIs } from "../vault-nodes.ts";
import { expectNeverWithoutAuditDevice } from "./audit-devices.ts";
import { Cluster, type ServiceAccountRef } from "./cluster.ts";
import { deploy, firstDeploy, type Ground, llmSecrets, putInVault, valueInVault } from "./ground.ts";

const path = "llm/openai";
const reference = ["llm", "openai-api-key"] as const;
const soon = { timeout: 30_000, interval: 250 };
/** The garbage collector looks for new kinds every 30 s; until then it does not follow their owner references. */
const afterCollection = { timeout: 90_000, interval: 250 };
/** Long enough for a refusal by Vault to reach the object's status, short enough for a test. */
const shortReadiness = { externalSecrets: { readiness: { timeout: "15s" } } };
const missingPath = llmSecrets({ "openai-api-key": { data: { api_key: "llm/not-there#api_key" } } });

/**
 * The main job, on real servers, with whichever engine: the checks build on one another, in this order.
 * @param prepare gives a sandbox into which nothing was deployed yet
 */
export function mainJobChecks(prepare: () => Promise<Ground>): void {
  let ground: Ground;
  let cluster: Cluster;

  beforeAll(async () => {
    ground = await prepare();
    cluster = new Cluster(ground.sandbox);
  });

  async function expectSynced(value: unknown): Promise<void> {
    await cluster.forceSync(...reference);
    await vi.waitFor(
      async () => expect((await cluster.secret(...reference))?.api_key === value).toBe(true),
      soon,
    );
  }

  describe("the dev stack", () => {
    it("fails while a value was never put, and says which and what to do", async () => {
      const failing = deploy(ground, shortReadiness);
      await expect(failing).rejects.toThrow(/llm\/openai-api-key[\s\S]*llm\/openai/);
      await expect(failing).rejects.toThrow(/npm run secrets -- put llm\/openai/);
    });

    it("brings the value in Vault into the Secret, first value included", async () => {
      const { seeded } = await firstDeploy(ground);
      expect(seeded).toEqual([{ path: `kv/${path}`, properties: ["api_key"] }]);
      const secret = await cluster.secret(...reference);
      expect(Object.keys(secret ?? {})).toEqual(["api_key"]);
      const value = await valueInVault(ground, path, "api_key");
      expect(typeof value === "string" && value !== "" && secret?.api_key === value).toBe(true);
    });

    it("changes nothing when it is deployed again", async () => {
      const { changes, done, warnings } = await deploy(ground);
      expect({ done, warnings }).toEqual({ done: [], warnings: [] });
      expect(changes).toMatchObject({ created: 0, updated: 0, deleted: 0 });
      expect(changes.same).toBeGreaterThan(30);
    });

    it("is recorded by two audit devices, in a file that nobody else may read", async () => {
      const devices = (await ground.vault.read("sys/audit")) ?? {};
      expect(Object.keys(devices).toSorted()).toEqual(["file/", "stdout/"]);
      const file = await stat(join(ground.sandbox.paths.vaultAudit, "file.log"));
      expect(file.size).toBeGreaterThan(0);
      expect((file.mode & 0o777).toString(8)).toBe("600");
    });

    it("brings a changed value into the Secret", async () => {
      await putInVault(ground, path, { api_key: "changed" });
      await expectSynced("changed");
    });
  });

  describe("who may do what", () => {
    const workload = (namespace: string): ServiceAccountRef => ({ namespace, name: "vault-store" });

    async function logIn(account: ServiceAccountRef, role: string): Promise<VaultClient> {
      const { address, caPem } = ground.sandbox.vault;
      const jwt = await cluster.token(account, ["vault", ground.sandbox.kubernetes.apiAudience]);
      const { auth } = await ground.vault.write("auth/kubernetes/login", { role, jwt });
      return new VaultClient({ address, caPem, token: String(auth?.client_token) });
    }

    it("lets a namespace read its own path and refuses another's", async () => {
      const own = await logIn(workload("llm"), "voyager-platform-llm");
      expect(Object.keys((await own.read(`kv/data/${path}`))?.data ?? {})).toEqual(["api_key"]);
      const other = await logIn(workload("user"), "voyager-platform-user");
      await expect(other.read(`kv/data/${path}`)).rejects.toMatchObject({ status: 403 });
      await expect(logIn(workload("user"), "voyager-platform-llm")).rejects.toMatchObject({ status: 403 });
      await Promise.all([own.close(), other.close()]);
    });

    it("lets ESO mint tokens of the declared service accounts and of no other", async () => {
      const accounts = await cluster.serviceAccounts();
      const operator = accounts.find(
        ({ namespace, name }) => namespace === "vault" && name === "external-secrets",
      );
      expect(operator).toBeDefined();
      if (operator === undefined) return;
      const asOperator = new Cluster(ground.sandbox, await cluster.token(operator));
      const allowed = await Promise.all(
        accounts.map(async (account) => ((await asOperator.canMint(account)) ? [account] : [])),
      );
      const texts = allowed.flat().map(({ namespace, name }) => `${namespace}/${name}`);
      expect(texts.sort()).toEqual(["llm/vault-store", "user/vault-store"]);
      expect(accounts.length).toBeGreaterThan(10);
    });
  });

  describe("edits", () => {
    it("removes the Secret of a removed declaration, and keeps it where the declaration said retain", async () => {
      const data = { api_key: `${path}#api_key` };
      await deploy(ground, llmSecrets({ fleeting: { data }, lasting: { data, onRemoval: "retain" } }));
      expect(await cluster.secret("llm", "fleeting")).toBeDefined();
      const { done } = await deploy(ground);
      expect(
        done
          .filter(({ action }) => action === "deleted")
          .map(({ name }) => name)
          .sort(),
      ).toEqual(["llm/fleeting", "llm/lasting"]);
      expect(await cluster.hasExternalSecret("llm", "fleeting")).toBe(false);
      expect(await cluster.hasExternalSecret("llm", "lasting")).toBe(false);
      await vi.waitFor(
        async () => expect(await cluster.secret("llm", "fleeting")).toBeUndefined(),
        afterCollection,
      );
      expect(await cluster.secret("llm", "lasting")).toBeDefined();
    });

    it("takes the long form: a whole secret, a reference in ESO's words, a template and a type", async () => {
      await putInVault(ground, "llm/login", { user: "ada", pass: "of her own" });
      const secret = {
        type: "kubernetes.io/basic-auth",
        dataFrom: [{ extract: { key: "llm/login" } }],
        data: { key: { remoteRef: { key: path, property: "api_key" } } },
        template: { data: { username: "{{ .user }}", password: "{{ .pass }}, {{ .key }}" } },
      };
      await deploy(ground, llmSecrets({ login: secret }));
      const value = await valueInVault(ground, path, "api_key");
      const synced = await cluster.secret("llm", "login");
      expect(Object.keys(synced ?? {}).sort()).toEqual(["password", "username"]);
      expect(synced?.username).toBe("ada");
      expect(synced?.password === `of her own, ${value}`).toBe(true);
      await deploy(ground);
    });

    it("fails an edit to a path that is not there, and names the ExternalSecret and the path", async () => {
      const failing = deploy(ground, shortReadiness, missingPath);
      await expect(failing).rejects.toThrow(/llm\/openai-api-key[\s\S]*llm\/not-there/);
      await expect(failing).rejects.toThrow(/npm run secrets -- put llm\/not-there/);
    });

    it("lets the same edit finish with a warning where readiness is reported only", async () => {
      const report = { externalSecrets: { readiness: { mode: "report", timeout: "15s" } } };
      const { warnings } = await deploy(ground, report, missingPath);
      expect(warnings.join("\n")).toMatch(/llm\/openai-api-key[\s\S]*llm\/not-there/);
    });

    it("takes the edit back", async () => {
      await deploy(ground);
      await expectSynced("changed");
    });
  });

  it("replaces both audit devices without a moment with none", () => expectNeverWithoutAuditDevice(ground));

  it("logs in by the jwt method as well", async () => {
    const publicKeys = [ground.sandbox.kubernetes.serviceAccountPublicKeyPem];
    await deploy(ground, {
      vault: { auth: { method: "jwt", mount: "jwt" } },
      kubernetes: { jwt: { publicKeys } },
    });
    await putInVault(ground, path, { api_key: "by jwt" });
    await expectSynced("by jwt");
    await deploy(ground);
    await expectSynced("by jwt");
  });

  it("keeps syncing when Vault's leader is killed, and `up` repairs the cluster", async () => {
    const leader = await nodeThatIs(ground.sandbox, "active");
    const record = await readLiving(ground.sandbox.paths, leader);
    expect(record).toBeDefined();
    if (record === undefined) return;
    process.kill(record.pid, "SIGKILL");
    await putInVault(ground, path, { api_key: "after the leader" });
    await expectSynced("after the leader");
    const { root } = ground.sandbox.paths;
    expect((await status({ root })).summary).toBe("partly up");
    await up({ root });
    expect((await status({ root })).summary).toBe("up");
  });
}
