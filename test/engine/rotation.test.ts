import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { down, type RunningSandbox, reset, up } from "../../sandbox/sandbox.ts";
import { scanner } from "../canaries/scan.ts";
import { scanFolder } from "../sandbox/canaries/files.ts";
import {
  declarationWith,
  deploy,
  type Edit,
  type Ground,
  projectFolder,
  putInVault,
  rootVault,
} from "../sandbox/main-job/ground.ts";
import { engine, missing, portBase, root, titled } from "./own-sandbox.ts";

const CRON_JOB = "kubernetes:batch/v1:CronJob";
const adminKey = `sk-admin-${randomBytes(16).toString("hex")}`;
const liveKey = `sk-live-${randomBytes(16).toString("hex")}`;

/** No value is waited for: none is what is looked at. */
const unsynced: Edit = {
  externalSecrets: { readiness: { mode: "report", timeout: "1s" } },
  namespaces: {
    llm: {
      services: { "llm-gateway": { secrets: { second: { data: { api_key: "llm/second#api_key" } } } } },
    },
  },
};

function key(path: string, fields: Edit = {}): Edit {
  return {
    ...{ provider: "openai", path, property: "api_key", admin: "platform/admin#api_key" },
    ...{ project: "proj_abc", name: "gateway", schedule: "0 3 * * 1", overlap: "24h" },
    ...fields,
  };
}

function rotating(first: Edit = {}, others: Edit = { second: key("llm/second") }): Edit {
  return { ...unsynced, rotation: { keys: { first: key("llm/openai", first), ...others } } };
}

describe.skipIf(missing.length > 0)(titled("rotated keys, with the engine pulumi"), () => {
  let ground: Ground;
  let sandbox: RunningSandbox;

  beforeAll(async () => {
    process.env.SANDBOX_PORT_BASE = String(portBase);
    await reset({ root });
    sandbox = await up({ root });
    ground = { engine, sandbox, vault: await rootVault(sandbox) };
    await deploy(ground, unsynced);
  });

  afterAll(async () => {
    await ground.vault.close();
    await down({ root });
  });

  const stack = async (edit: Edit) => ({ sandbox, declaration: await declarationWith(sandbox, edit) });
  const planned = async (edit: Edit) =>
    (await engine.preview(await stack(edit))).planned.filter(({ action }) => action !== "same");

  it("are refused in the preview while the admin credential is not there", async () => {
    await expect(deploy(ground, rotating())).rejects.toThrow(
      /rotation\.keys\.first\.admin\s+found: +nothing at kv\/platform\/admin/,
    );
    await putInVault(ground, "platform/admin", { api_key: adminKey });
    await putInVault(ground, "llm/openai", { api_key: liveKey });
  });

  it("are shown in the preview, before their namespace is there", async () => {
    const changes = await planned(rotating());
    expect(changes.filter(({ type }) => type === CRON_JOB)).toHaveLength(4);
    expect(new Set(changes.map(({ action }) => action))).toEqual(new Set(["created"]));
  });

  it("pass the policy pack, and preview no changes after `up`, the real servers compared as well", async () => {
    const { changes } = await deploy(ground, rotating());
    expect(changes).toMatchObject({ updated: 0, deleted: 0 });
    const options = { refresh: true, expectNoChanges: true, policyPacks: [join(projectFolder, "policy")] };
    expect((await engine.preview(await stack(rotating()), options)).changes).toMatchObject({
      ...{ created: 0, updated: 0, deleted: 0 },
    });
  });

  it("take another schedule as an update of the one CronJob", async () => {
    expect(await planned(rotating({ schedule: "0 4 * * 2" }))).toEqual([
      { action: "updated", type: CRON_JOB, name: "vault-rotation/rotate-first" },
    ]);
  });

  it("take another overlap as another ConfigMap, which the CronJobs then mount", async () => {
    const changes = await planned(rotating({ overlap: "36h" }));
    expect(changes).toContainEqual({
      ...{ action: "replaced", type: "kubernetes:core/v1:ConfigMap", name: "vault-rotation/rotate-first" },
    });
    expect(changes.filter(({ type }) => type === CRON_JOB).map(({ action }) => action)).toEqual([
      "updated",
      "updated",
    ]);
    await deploy(ground, rotating({ overlap: "36h" }));
  });

  it("take everything of a key that is declared no more along, and nothing of the others", async () => {
    const left = rotating({ overlap: "36h" }, {});
    const changes = await planned(left);
    const gone = changes.filter(({ action }) => action === "deleted").map(({ name }) => name);
    expect(gone.length).toBeGreaterThan(8);
    expect(gone.filter((name) => !name.includes("second"))).toEqual([]);
    await deploy(ground, left);
    const role = "auth/kubernetes/role/voyager-platform-vault-rotation.";
    expect(await ground.vault.read(`${role}second`)).toBeUndefined();
    expect(await ground.vault.read(`${role}first`)).toBeDefined();
  });

  it("leave no value in the state, its files or logs", async () => {
    const scan = scanner({ admin: adminKey, live: liveKey });
    expect(scan(await engine.exportState(await stack(rotating())))).toEqual([]);
    expect(await scanFolder(join(root, "pulumi"), scan)).toEqual({});
  });

  it("go altogether, their namespace with them", async () => {
    const { done } = await deploy(ground, unsynced);
    expect(done.filter(({ action }) => action !== "deleted").map(({ type }) => type)).not.toContain(CRON_JOB);
    expect(done).toContainEqual({
      ...{ action: "deleted", type: "kubernetes:core/v1:Namespace", name: "vault-rotation" },
    });
  });
});
