import { randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { pulumiEngine } from "../../sandbox/engine/pulumi/engine.ts";
import { missingFromPath } from "../../sandbox/engine/pulumi/find.ts";
import { down, type RunningSandbox, reset, up } from "../../sandbox/sandbox.ts";
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

/** A sandbox of its own: what the other engine has deployed would be in the way. */
const root = join(projectFolder, ".sandbox-engine");
const portBase = 18_500;
const engine = pulumiEngine("the tests' own", projectFolder);
const missing = await missingFromPath(process.env.PATH ?? "");
const title =
  missing.length === 0
    ? "the main job, with the engine pulumi"
    : `the main job, with the engine pulumi (skipped: not on PATH: ${missing.join(", ")})`;

describe.skipIf(missing.length > 0)(title, () => {
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

  it("previews with the read-mostly policy of docs/bootstrap.md, which no update may run with", async () => {
    const text = await readFile(join(projectFolder, "docs", "bootstrap.md"), "utf8");
    const [, deployer = ""] = /```hcl\n([\s\S]*?)```/.exec(text) ?? [];
    const policy = deployer.replace(/^(path "(?!sys\/capabilities-self).*)$/gm, (line) =>
      line.replace(/"(create|update|delete)"(, )?/g, "").replace(", ]", "]"),
    );
    await ground.vault.write("sys/policies/acl/previewer", { policy });
    const { auth } = await ground.vault.write("auth/token/create", {
      policies: ["previewer"],
      no_default_policy: true,
    });
    const tokenFile = join(root, "previewer-token");
    await writeFile(tokenFile, String(auth?.client_token), { mode: 0o600 });
    const input = { ...(await stack()), sandbox: { ...sandbox, vault: { ...sandbox.vault, tokenFile } } };
    const { changes } = await engine.preview(input, { refresh: true, expectNoChanges: true });
    expect(changes).toMatchObject({ created: 0, updated: 0, deleted: 0 });
    await expect(engine.up(input)).rejects.toThrow(/create.*sys\/mounts\/kv|sys\/mounts\/kv[\s\S]*create/);
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

  it("keeps values and tokens out of the state", async () => {
    const canary = randomBytes(18).toString("base64url");
    await putInVault(ground, "llm/openai", { api_key: canary });
    const cluster = new Cluster(sandbox);
    await cluster.forceSync("llm", "openai-api-key");
    await vi.waitFor(
      async () => expect((await cluster.secret("llm", "openai-api-key"))?.api_key === canary).toBe(true),
      { timeout: 30_000, interval: 250 },
    );
    await engine.refresh(await stack());
    await deploy(ground);
    const state = await engine.exportState(await stack());
    const token = (await readFile(sandbox.vault.tokenFile, "utf8")).trim();
    expect(state).toContain("openai-api-key");
    for (const secret of [canary, Buffer.from(canary).toString("base64"), token]) {
      expect(state.includes(secret)).toBe(false);
    }
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
