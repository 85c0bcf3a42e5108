import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { down, type RunningSandbox, reset, up } from "../../sandbox/sandbox.ts";
import { scanner } from "../canaries/scan.ts";
import { scanFolder, tokenLike } from "../sandbox/canaries/files.ts";
import { keptSecrets } from "../sandbox/canaries/ground.ts";
import { mainJobChecks } from "../sandbox/main-job/checks.ts";
import { Cluster } from "../sandbox/main-job/cluster.ts";
import {
  declarationWith,
  deploy,
  type Edit,
  type Ground,
  llmSecrets,
  projectFolder,
  putInVault,
  rootVault,
} from "../sandbox/main-job/ground.ts";
import { engine, missing, portBase, root, titled } from "./own-sandbox.ts";
import { previewText } from "./preview-text.ts";

describe.skipIf(missing.length > 0)(titled("the main job, with the engine pulumi"), () => {
  let ground: Ground;
  let sandbox: RunningSandbox;
  let before: Awaited<ReturnType<typeof userFiles>>;

  beforeAll(async () => {
    process.env.SANDBOX_PORT_BASE = String(portBase);
    await reset({ root });
    before = await userFiles();
    sandbox = await up({ root });
    ground = { engine, sandbox, vault: await rootVault(sandbox) };
  });

  afterAll(async () => {
    await ground.vault.close();
    await down({ root });
  });

  mainJobChecks(async () => ground);

  const stack = async (...edits: readonly Edit[]) => ({
    sandbox,
    declaration: await declarationWith(sandbox, ...edits),
  });

  it("previews no changes after `up`, the real servers compared as well", async () => {
    const { changes } = await engine.preview(await stack(), { refresh: true, expectNoChanges: true });
    expect(changes).toMatchObject({ created: 0, updated: 0, deleted: 0 });
  });

  it("updates nothing with what a preview has, neither in Vault nor in Kubernetes", async () => {
    const edit = llmSecrets({ fleeting: { data: { api_key: "llm/openai#api_key" } } });
    const { tokens } = sandbox.vault;
    const { kubeconfigs } = sandbox.kubernetes;
    const inVault = { ...sandbox.vault, tokens: { ...tokens, deployer: tokens.previewer } };
    const inKubernetes = {
      ...sandbox.kubernetes,
      kubeconfigs: { ...kubeconfigs, deployer: kubeconfigs.previewer },
    };
    const input = await stack(edit);
    await expect(engine.up({ ...input, sandbox: { ...sandbox, vault: inVault } })).rejects.toThrow(
      /sys\/mounts\/kv/,
    );
    await expect(engine.up({ ...input, sandbox: { ...sandbox, kubernetes: inKubernetes } })).rejects.toThrow(
      /only dry runs/,
    );
    expect((await engine.preview(input)).changes).toMatchObject({ created: 1, updated: 0, deleted: 0 });
  });

  it("passes the policy pack, and not with tokens of a day", async () => {
    const policyPacks = [join(projectFolder, "policy")];
    const { changes } = await engine.preview(await stack(), { policyPacks, expectNoChanges: true });
    expect(changes).toMatchObject({ created: 0, updated: 0, deleted: 0 });
    const longer = await stack({ vault: { auth: { tokenMaxTtl: "24h" } } });
    await expect(engine.preview(longer, { policyPacks })).rejects.toThrow(
      /token-lifetimes: .*tokenMaxTtl 86400/,
    );
  });

  it("names in the preview what the removal of a secret takes along", async () => {
    await deploy(ground, llmSecrets({ fleeting: { data: { api_key: "llm/openai#api_key" } } }));
    const { planned } = await engine.preview(await stack());
    expect(planned.filter(({ action }) => action !== "same")).toEqual([
      { action: "deleted", type: "kubernetes:external-secrets.io/v1:ExternalSecret", name: "llm/fleeting" },
    ]);
    await deploy(ground);
  });

  it("shows that what cannot be changed is replaced", async () => {
    const { planned } = await engine.preview(await stack({ externalSecrets: { namespace: "elsewhere" } }));
    expect(planned).toContainEqual({
      action: "replaced",
      type: "kubernetes:helm.sh/v3:Release",
      name: "external-secrets",
    });
  });

  it("sees a change made by hand", async () => {
    const path = "sys/policies/acl/voyager-platform.llm.llm-gateway";
    const policy = (await ground.vault.read(path))?.policy;
    await ground.vault.write(path, { policy: 'path "kv/*" { capabilities = ["read"] }' });
    await expect(
      engine.refresh(await stack(), { previewOnly: true, expectNoChanges: true }),
    ).rejects.toThrow();
    const { planned } = await engine.preview(await stack(), { refresh: true });
    expect(planned).toContainEqual({
      action: "updated",
      type: "vault:index/policy:Policy",
      name: "voyager-platform.llm.llm-gateway",
    });
    await ground.vault.write(path, { policy });
    await engine.refresh(await stack(), { previewOnly: true, expectNoChanges: true });
  });

  it("keeps values and tokens out of the state, the preview and Pulumi's own files", async () => {
    const value = `${randomBytes(18).toString("hex")} "<ä&\\>`;
    await putInVault(ground, "llm/openai", { api_key: value });
    const cluster = new Cluster(sandbox);
    await cluster.forceSync("llm", "openai-api-key");
    await vi.waitFor(
      async () => expect((await cluster.secret("llm", "openai-api-key"))?.api_key === value).toBe(true),
      { timeout: 30_000, interval: 250 },
    );
    await engine.refresh(await stack());
    await deploy(ground);
    const scan = scanner({ value, ...(await keptSecrets(sandbox)) });
    const state = await engine.exportState(await stack());
    const preview = await engine.preview(
      await stack(llmSecrets({ fleeting: { data: { api_key: "llm/openai#api_key" } } })),
    );
    const text = await previewText(sandbox);
    expect(state).toContain("openai-api-key");
    expect(text).toContain("llm/fleeting");
    for (const printed of [state, JSON.stringify(preview), text]) {
      expect(scan(printed)).toEqual([]);
      expect(tokenLike(printed)).toEqual([]);
    }
    expect(await scanFolder(join(root, "pulumi"), scan)).toEqual({});
  });

  it("leaves the project's and the user's own files as they were", async () => {
    expect(await userFiles()).toEqual(before);
  });

  it("destroys everything, and no finalizer is stuck", async () => {
    await engine.destroy(await stack());
    const cluster = new Cluster(sandbox);
    const namespaces = await Promise.all(["llm", "user", "vault"].map((name) => cluster.hasNamespace(name)));
    expect(namespaces).toEqual([false, false, false]);
    const policies = (await ground.vault.list("sys/policies/acl")) ?? [];
    expect(policies.filter((name) => name.startsWith("voyager-platform"))).toEqual([]);
  });
});

/** The project's stack files, and what the CLI has written to the user's own home. */
async function userFiles() {
  const names = (await readdir(projectFolder)).filter((name) => name.startsWith("Pulumi"));
  const files = await Promise.all(
    names.map(async (name) => [name, await readFile(join(projectFolder, name), "utf8")]),
  );
  const home = await readdir(join(homedir(), ".pulumi"), { recursive: true }).catch(() => []);
  return { files, home: home.toSorted() };
}
