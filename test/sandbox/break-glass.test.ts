import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { parse, stringify } from "yaml";
import type { Incident } from "../../cli/break-glass/memory.ts";
import type { VaultClient } from "../../clients/vault.ts";
import { deviceLog } from "./audit/ground.ts";
import {
  afterRefreshes,
  type BreakGlassGround,
  breakGlassGround,
  evidenceFiles,
  OTHER,
  PATH,
  type Printed,
  rotateNow,
  rotateTwice,
  untilSynced,
} from "./break-glass/ground.ts";
import { deploy, putInVault } from "./main-job/ground.ts";

let ground: BreakGlassGround;
let service: VaultClient;
let batch: VaultClient;
let incident: Printed;

beforeAll(async () => {
  ground = await breakGlassGround();
  await rotateTwice(ground);
  [service, batch] = await Promise.all([ground.login(), ground.login("batch")]);
});
afterAll(async () => {
  await Promise.all([service?.close(), batch?.close()]);
  await ground?.close();
});

describe("before anything is done", () => {
  it("the tokens read it, and the Secret holds it", async () => {
    expect([await ground.read(service), await ground.read(batch)]).toEqual([200, 200]);
    expect((await ground.synced()) === ground.values.at(-1)).toBe(true);
  });

  it("--plan shows who reads it, which Secret holds it and what is destroyed, and changes nothing", async () => {
    const { code, stderr } = await ground.run(["revoke", PATH, "--provider", "--plan"]);
    expect(stderr).toMatch(/llm\/vault-store/);
    expect(stderr).toMatch(/vault-rotation\/rotate-openai-llm/);
    expect(stderr).toMatch(/llm\/openai-api-key/);
    expect(stderr).toMatch(/Destroyed for good: kv\/llm\/openai version 1, 2/);
    expect(code).toBe(0);
  });

  it.each([
    ["a path one letter away, with the right one", ["revoke", "llm/opnai"], /Is it llm\/openai\?/],
    ["a path that nobody reads", ["revoke", "llm/unread"], /no login of this stack reads it/],
    ["a namespace that is none", ["revoke", PATH, "--freeze", "lln"], /Is it llm\?/],
    [
      "another path typed than the one named",
      ["revoke", PATH, "--yes-i-mean", "llm/other"],
      /--yes-i-mean: found llm\/other/,
    ],
    ["nobody there to be asked", ["revoke", PATH], /Nobody is there to be asked: add --yes-i-mean/],
    ["an incident that is none", ["restore", "20200101-000000"], /break-glass-restore|There is no incident/],
  ])("refused is %s", async (_what, args, message) => {
    const { code, stderr } = await ground.run(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });

  it("refused is more than can be denied at once, before anything is begun", async () => {
    const file = join(ground.folder, "Pulumi.dev.yaml");
    const declared = await readFile(file, "utf8");
    onTestFinished(() => writeFile(file, declared));
    const stack = parse(declared);
    stack.config["vault-management:namespaces"].llm.services["llm-gateway"].secrets.many = {
      refreshInterval: "1h",
      data: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`key${n}`, `llm/many-${n}#value`])),
    };
    await writeFile(file, stringify(stack));
    const { code, stderr } = await ground.run([
      "revoke",
      PATH,
      "--freeze",
      "llm-gateway",
      "--yes-i-mean",
      PATH,
    ]);
    expect(stderr).toMatch(/paths are too many to deny at once.*--freeze <namespace>.*Nothing was done/s);
    expect(code).toBe(1);
  });

  it("refused is an operator without the rights, with all that is missing", async () => {
    const { code, stderr } = await ground.run(["revoke", PATH, "--provider", "--yes-i-mean", PATH], {
      as: "previewer",
    });
    for (const missing of [
      "auth/token/accessors",
      "kv/destroy/llm/openai",
      "kv/data/platform/openai-admin",
      "denied-0",
    ]) {
      expect(stderr).toContain(missing);
    }
    expect(code).toBe(1);
  });

  it("nothing of that was done or recorded", async () => {
    expect(await evidenceFiles(ground)).toEqual([]);
    expect([await ground.read(service), await ground.read(batch)]).toEqual([200, 200]);
  });
});

describe("a revocation", () => {
  it("does all of it", async () => {
    incident = await ground.revoke(0, ["--provider"]);
    console.log(`denied ${incident.deniedAfterMilliseconds} ms after the command`);
    expect(incident.steps.map(({ id, standing }) => `${id} ${standing}`)).toEqual([
      "deny done",
      "newcomers done",
      "tokens done",
      "provider:openai-llm done",
      "destroy done",
      "secrets done",
      "check done",
    ]);
  });

  it("has the next read of the old tokens refused, batch tokens among them, and of a fresh login", async () => {
    expect([await ground.read(service), await ground.read(batch)]).toEqual([403, 403]);
    const fresh = await ground.login();
    expect(await ground.read(fresh)).toBe(403);
    await fresh.close();
  });

  it("has every key refused by the provider, current and previous", () => {
    expect(ground.values.map((value) => ground.provider.state.keys.accepts(value))).toEqual([false, false]);
  });

  it("has every version destroyed, the rotator's own among them", async () => {
    for (const path of [PATH, "rotation/openai-llm"]) {
      const versions = (await ground.vault.read(`kv/metadata/${path}`))?.versions as Record<
        string,
        { destroyed: boolean }
      >;
      expect(
        Object.values(versions).every(({ destroyed }) => destroyed),
        path,
      ).toBe(true);
    }
  });

  it("leaves ESO no way to bring the Secret back over two refresh intervals, while others keep syncing", async () => {
    await putInVault(ground, "user/profile", { token: "second" });
    await afterRefreshes(ground, 3);
    expect((await ground.cluster.secret(...OTHER))?.token).toBe("second");
    expect(await ground.synced()).toBeUndefined();
  });

  it("stands in the way of a rotation, which would make another key", async () => {
    expect((await rotateNow(ground)).code).not.toBe(0);
    expect(ground.provider.state.keys.accounts("proj_llm")).toEqual([]);
  });

  it("is not undone by a later deployment, whatever is put meanwhile", async () => {
    await deploy(ground, ground.edit);
    await putInVault(ground, PATH, { api_key: "nobody is to read this yet" });
    const fresh = await ground.login();
    expect(await ground.read(fresh)).toBe(403);
    await fresh.close();
    await afterRefreshes(ground, 1);
    expect(await ground.synced()).toBeUndefined();
    await ground.vault.write(`kv/destroy/${PATH}`, { versions: [3] });
  });

  it("run again finds nothing left to do, and joins the incident", async () => {
    const again = await ground.revoke(0, ["--provider"]);
    expect(again.id).toBe(incident.id);
    expect(await evidenceFiles(ground)).toEqual([incident.evidence]);
  });

  it("has every request that it recorded in the servers' audit logs, and no value in any record", async () => {
    const { entries } = await ground.evidence(incident.evidence);
    const requests = entries.flatMap((entry) => entry.requests ?? []);
    const vaultLog = await readFile(deviceLog(ground.sandbox.paths), "utf8");
    const kubernetesLog = await readFile(ground.sandbox.paths.kubernetesAuditLog, "utf8");
    const of = (system: string) => requests.filter((one) => one.system === system);
    expect(of("vault").length).toBeGreaterThan(20);
    for (const { correlationId, target } of of("vault")) {
      expect(vaultLog.includes(correlationId ?? "none"), target).toBe(true);
    }
    const deletions = of("kubernetes").filter(({ method }) => method === "DELETE");
    expect(deletions.length).toBeGreaterThan(1);
    for (const { id, target } of deletions) expect(kubernetesLog.includes(id ?? "none"), target).toBe(true);
    expect(of("provider").every(({ id }) => id !== null)).toBe(true);
    const everything = ground.printed() + JSON.stringify(entries);
    for (const value of ground.values) expect(everything.includes(value)).toBe(false);
  });
});

describe("a restore", () => {
  const restore = (named = incident.id) => ground.run(["restore", named], { as: "breakGlassRestore" });

  it("takes another role than what it undoes", async () => {
    const { code, stderr } = await ground.run(["restore", incident.id]);
    expect(stderr).toMatch(/break-glass-restore/);
    expect(code).toBe(1);
  });

  it("is refused before a new value is stored", async () => {
    const { code, stderr } = await restore();
    expect(stderr).toMatch(/has no value since the incident.*npm run secrets -- put llm\/openai/s);
    expect(code).toBe(1);
  });

  it("is refused for an evidence file that was edited, or is another stack's", async () => {
    const value = await ground.putNewValue();
    const file = join(ground.folder, incident.evidence);
    const genuine = await readFile(file, "utf8");
    await writeFile(file, genuine.replace(/denied to \d+ identit/, "denied to 9 identit"));
    expect(await restore()).toMatchObject({ code: 1, stderr: expect.stringMatching(/entry \d+ was edited/) });
    await writeFile(file, genuine);
    const other = join(ground.folder, "other.json");
    await writeFile(other, genuine.replace('"environment": "dev"', '"environment": "prod"'));
    expect(await restore("other.json")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/it is of prod/),
    });
    const fresh = await ground.login();
    expect(await ground.read(fresh)).toBe(403);
    await fresh.close();
    expect((await ground.synced()) === value).toBe(false);
  });

  it("gives access back from the evidence file: reads, and the Secret with the new value", async () => {
    const { code, stdout, stderr } = await restore(incident.evidence);
    expect(stdout + stderr).toMatch(/lift the denial/);
    expect(code).toBe(0);
    const fresh = await ground.login();
    expect(await ground.read(fresh)).toBe(200);
    await fresh.close();
    await untilSynced(ground, ground.values.at(-1));
  });

  it("closes the incident", async () => {
    const { stdout } = await ground.run(["list", "--json"]);
    const [only] = JSON.parse(stdout) as readonly Incident[];
    expect(only).toMatchObject({ id: incident.id, closedAt: expect.any(String) });
    expect((await ground.vault.read("kv/metadata/break-glass/dev"))?.custom_metadata).toEqual({ open: "0" });
    expect(await restore()).toMatchObject({ code: 1, stderr: expect.stringMatching(/was closed/) });
  });
});

describe("a drill", () => {
  it("rehearses all of it, says how long each part took, and leaves everything as it was", async () => {
    const reader = await ground.login();
    const { code, stdout, stderr } = await ground.run(["drill", "--json"]);
    expect(code, stderr + stdout).toBe(0);
    const { steps } = JSON.parse(stdout) as Printed & {
      readonly steps: readonly { readonly milliseconds: number }[];
    };
    console.log(JSON.stringify(steps, null, 1));
    expect(steps.map(({ id }) => id)).toEqual([
      ...[
        "store",
        "deny",
        "newcomers",
        "tokens",
        "provider:openai-llm",
        "destroy",
        "secrets",
        "check",
        "restore:deny",
      ],
    ]);
    expect(await ground.read(reader)).toBe(200);
    await reader.close();
    await untilSynced(ground, ground.values.at(-1));
    expect(await ground.run(["list"])).toMatchObject({ stdout: expect.stringMatching(/drill.*closed/) });
  });
});
