import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { down, reset, up } from "../../sandbox/sandbox.ts";
import { scanner } from "../canaries/scan.ts";
import { scanFolder } from "../sandbox/canaries/files.ts";
import {
  accountIn,
  type DatabaseCommand,
  type DatabaseGround,
  databaseCommand,
  databaseStack,
  letsIn,
  makeAccounts,
  vaultAccount,
} from "../sandbox/databases/ground.ts";
import { Cluster } from "../sandbox/main-job/cluster.ts";
import { declarationWith, deploy, projectFolder, rootVault } from "../sandbox/main-job/ground.ts";
import { findPostgres } from "../sandbox/postgres/programs.ts";
import { startPostgres } from "../sandbox/postgres/server.ts";
import { engine, missing as missingFromEngine, portBase, root } from "./own-sandbox.ts";
import { previewText } from "./preview-text.ts";

const missing = [
  ...missingFromEngine,
  ...((await findPostgres()) === undefined ? ["initdb (apt-get install postgresql)"] : []),
];
const title =
  missing.length === 0
    ? "databases, with the engine pulumi"
    : `databases, with the engine pulumi (skipped: missing: ${missing.join(", ")})`;

describe.skipIf(missing.length > 0)(title, () => {
  let ground: DatabaseGround;
  let command: DatabaseCommand;

  beforeAll(async () => {
    process.env.SANDBOX_PORT_BASE = String(portBase);
    await reset({ root });
    const sandbox = await up({ root });
    const postgres = await startPostgres(sandbox.paths, portBase + 39);
    ground = { engine, sandbox, postgres, vault: await rootVault(sandbox) };
    await makeAccounts(postgres);
  });

  afterAll(async () => {
    await ground?.vault.close();
    await ground?.postgres.close();
    await down({ root });
  });

  /** An account for each refresh is no part of the state, and would only make the checks slower. */
  const stack = (host?: string) =>
    databaseStack(ground.postgres, { reading: ["app", "web"], ...(host === undefined ? {} : { host }) });
  const input = async (host?: string) => ({
    sandbox: ground.sandbox,
    declaration: await declarationWith(ground.sandbox, stack(host)),
  });

  async function expectNoChanges(host?: string): Promise<void> {
    const { changes } = await engine.preview(await input(host), {
      refresh: true,
      expectNoChanges: true,
      policyPacks: [join(projectFolder, "policy")],
    });
    expect(changes).toMatchObject({ created: 0, updated: 0, deleted: 0 });
  }

  it("makes the connection first, then after `init` what needs it", async () => {
    const { warnings } = await deploy(ground, stack());
    expect(warnings.join("\n")).toMatch(/npm run database -- init orders/);
    command = await databaseCommand(ground);
    expect(await command.run(["init", "orders"], vaultAccount.password)).toMatchObject({ code: 0 });
    await deploy(ground, stack());
    expect(await letsIn(ground, "app")).toBe(true);
  });

  it("previews no changes then, refreshed as well", () => expectNoChanges());

  it("does not see that passwords change: Vault's own, and those of roles", async () => {
    expect(await command.run(["init", "orders"])).toMatchObject({ code: 0 });
    await ground.vault.write("database/rotate-role/app", {});
    await engine.refresh(await input());
    await expectNoChanges();
  });

  it("changes a connection without touching the password that Vault has", async () => {
    const { done } = await deploy(ground, stack("127.0.0.1"));
    expect(done).toMatchObject([{ action: "updated", name: "database/orders" }]);
    await ground.vault.write("database/rotate-role/app", {});
    expect(await command.run(["status"])).toMatchObject({ code: 0 });
    await vi.waitFor(async () => expect(await letsIn(ground, "app")).toBe(true), {
      timeout: 100_000,
      interval: 250,
    });
    await expectNoChanges("127.0.0.1");
  });

  it("keeps no password in its state, files or previews", async () => {
    const cluster = new Cluster(ground.sandbox);
    const scan = scanner({
      first: vaultAccount.password,
      app: (await accountIn(cluster, "app"))?.password ?? "",
      web: (await accountIn(cluster, "web"))?.password ?? "",
    });
    const state = await engine.exportState(await input("127.0.0.1"));
    expect(state).toContain("vault_orders");
    expect(scan(state)).toEqual([]);
    expect(scan(await previewText(ground.sandbox))).toEqual([]);
    expect(await scanFolder(join(root, "pulumi"), scan)).toEqual({});
  });
});
