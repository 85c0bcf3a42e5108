import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Looked } from "../../cli/drift/finding.ts";
import { programEnvironment } from "../../sandbox/engine/credentials.ts";
import { down, type RunningSandbox, reset, up } from "../../sandbox/sandbox.ts";
import { runCommand } from "../sandbox/command.ts";
import { foundOf } from "../sandbox/drift/ground.ts";
import { deploy, type Ground, rootVault } from "../sandbox/main-job/ground.ts";
import { engine, missing, portBase, root, titled } from "./own-sandbox.ts";

const session = "voyager-platform.session";
const policy = `sys/policies/acl/${session}`;

describe.skipIf(missing.length > 0)(titled("npm run drift, by Pulumi's engine"), () => {
  let ground: Ground;
  let sandbox: RunningSandbox;

  beforeAll(async () => {
    process.env.SANDBOX_PORT_BASE = String(portBase);
    await reset({ root });
    sandbox = await up({ root });
    ground = { engine, sandbox, vault: await rootVault(sandbox) };
    await deploy(ground, {
      externalSecrets: { readiness: { mode: "report", timeout: "1s" } },
      monitoring: { exporter: {} },
    });
  });

  afterAll(async () => {
    await ground.vault.close();
    await down({ root });
  });

  /** As a previewer runs it, where the engine's project, state and stack file are. */
  async function look(...args: readonly string[]): Promise<{ readonly code: number | null } & Looked> {
    const at = (name: string) => join(root, "pulumi", name);
    const { code, stdout, stderr } = await runCommand("cli/drift/main.ts", [...args, "--json"], {
      cwd: at("project"),
      env: {
        ...(await programEnvironment(sandbox, "previewer")),
        PULUMI_HOME: at("home"),
        PULUMI_BACKEND_URL: `file://${at("backend")}`,
        PULUMI_CONFIG_PASSPHRASE_FILE: at("passphrase"),
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      },
    });
    if (stdout === "") throw new Error(stderr);
    return { code, ...(JSON.parse(stdout) as Looked) };
  }

  it("finds nothing right after an update, by itself and together with reading back", async () => {
    const byEngine = await look("--engine");
    expect(byEngine).toMatchObject({ code: 0, findings: [], unseen: [] });
    expect(byEngine.seen["Pulumi's state"]).toBeGreaterThan(30);
    const both = await look();
    expect(both).toMatchObject({ code: 0, findings: [], unseen: [] });
    expect(Object.keys(both.seen).toSorted()).toEqual([
      "Kubernetes",
      "Pulumi's state",
      "Vault",
      "operators' rights",
    ]);
  });

  it("finds what somebody has changed by hand, with the field: exit code 2", async () => {
    const { policy: before } = (await ground.vault.read(policy)) ?? {};
    await ground.vault.write(policy, {
      policy: `${before}\npath "kv/data/*" {\n  capabilities = ["read"]\n}\n`,
    });
    const { code, findings } = await look("--engine");
    expect(code).toBe(2);
    expect(foundOf(findings, /^vault:index\/policy:Policy voyager-platform\.session$/)).toEqual([
      "changed",
      "policy",
    ]);
    expect(findings).toHaveLength(1);
  });

  it("says once what both ways find, and what only one of them can", async () => {
    await ground.vault.write("sys/policies/acl/voyager-platform.extra", {
      policy: 'path "kv/data/*" { capabilities = ["read"] }',
    });
    const { code, findings } = await look();
    expect(code).toBe(2);
    expect(findings.map(({ what, drift }) => [what, drift])).toEqual([
      [`policy ${policy}`, "changed"],
      ["policy sys/policies/acl/voyager-platform.extra", "undeclared"],
    ]);
  });

  it("says why it cannot look: exit code 1", async () => {
    await expect(look("--engine", "--stack", "nowhere/dev")).rejects.toThrow(/no stack nowhere\/dev/);
  });
});
