import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Change } from "../../sandbox/engine/engine.ts";
import { down, type RunningSandbox, reset, up } from "../../sandbox/sandbox.ts";
import { scanner } from "../canaries/scan.ts";
import { scanFolder } from "../sandbox/canaries/files.ts";
import { certificateStack, mounts, tlsSecret } from "../sandbox/certificates/ground.ts";
import {
  declarationWith,
  deploy,
  type Edit,
  type Ground,
  projectFolder,
  rootVault,
} from "../sandbox/main-job/ground.ts";
import { engine, missing, portBase, root, titled } from "./own-sandbox.ts";

describe.skipIf(missing.length > 0)(titled("a CA and its certificates, with the engine pulumi"), () => {
  let ground: Ground;
  let sandbox: RunningSandbox;

  beforeAll(async () => {
    process.env.SANDBOX_PORT_BASE = String(portBase);
    await reset({ root });
    sandbox = await up({ root });
    ground = { engine, sandbox, vault: await rootVault(sandbox) };
  });

  afterAll(async () => {
    await ground.vault.close();
    await down({ root });
  });

  const stack = async (edits: readonly Edit[]) => ({
    sandbox,
    declaration: await declarationWith(sandbox, ...edits),
  });
  const issuer = async (mount: string, name: string) =>
    String((await ground.vault.read(`${mount}/issuer/${name}/json`))?.certificate);

  async function expectNoChanges(edits: readonly Edit[]): Promise<void> {
    await engine.refresh(await stack(edits), { previewOnly: true, expectNoChanges: true });
    const { changes } = await engine.preview(await stack(edits), {
      refresh: true,
      expectNoChanges: true,
      policyPacks: [join(projectFolder, "policy")],
    });
    expect(changes).toMatchObject({ created: 0, updated: 0, deleted: 0 });
  }

  /** Those that are gone from the state, and those that are made anew in place of another. */
  const endedIn = (changes: readonly Change[]) =>
    changes.filter(({ action }) => action === "deleted" || action === "replaced");

  it("are there after the first `up`, and a preview has nothing to change, the real servers compared as well", async () => {
    const { outputs } = await deploy(ground, ...certificateStack());
    expect(outputs).toMatchObject({
      vaultManagement: { namespaces: { llm: { secrets: { "gateway-tls": { type: "kubernetes.io/tls" } } } } },
    });
    expect(await tlsSecret(sandbox)).toMatchObject({ type: "kubernetes.io/tls" });
    await expectNoChanges(certificateStack());
  });

  it("leave no private key in the state or in Pulumi's own files, neither a CA's nor a leaf's", async () => {
    const state = await engine.exportState(await stack(certificateStack()));
    expect(state).toContain("BEGIN CERTIFICATE");
    expect(state).not.toContain("PRIVATE KEY");
    const [, line = ""] = (await tlsSecret(sandbox))?.privateKey.split("\n") ?? [];
    const scan = scanner({ "the private key": line });
    expect(scan(state)).toEqual([]);
    expect(await scanFolder(join(root, "pulumi"), scan)).toEqual({});
  });

  it("get a new intermediate beside the old one, which stays in Vault with its key", async () => {
    const before = await issuer(mounts.intermediate, "int-g1");
    const { done } = await deploy(ground, ...certificateStack({}, { intermediate: 2 }));
    expect(done).toContainEqual(expect.objectContaining({ action: "created", name: "tls-int/int-g2" }));
    // Pulumi looks after the newest generation; what it lets go of, it leaves in Vault (retainOnDelete).
    expect(
      endedIn(done).filter(({ action, name }) => action === "replaced" || !name.includes("-g1")),
    ).toEqual([]);
    expect(await issuer(mounts.intermediate, "int-g1")).toBe(before);
    const { key_id } = (await ground.vault.read(`${mounts.intermediate}/issuer/int-g1`)) ?? {};
    expect(String(key_id)).toMatch(/^[0-9a-f-]{36}$/);
    await expectNoChanges(certificateStack({}, { intermediate: 2 }));
  });

  it("get a new root in the same way", async () => {
    const before = await issuer(mounts.root, "root-g1");
    const next = certificateStack({}, { root: 2, intermediate: 3 });
    const { done } = await deploy(ground, ...next);
    expect(endedIn(done).filter(({ action }) => action === "replaced")).toEqual([]);
    expect(await issuer(mounts.root, "root-g1")).toBe(before);
    expect(await issuer(mounts.root, "root-g2")).not.toBe(before);
    await expectNoChanges(next);
  });

  it("go with the stack where it is one for development", async () => {
    await engine.destroy(await stack(certificateStack({}, { root: 2, intermediate: 3 })));
    const left = Object.keys((await ground.vault.read("sys/mounts")) ?? {});
    expect(left.filter((mount) => mount.startsWith("tls-"))).toEqual([]);
    expect(await tlsSecret(sandbox)).toBeUndefined();
  });
});
