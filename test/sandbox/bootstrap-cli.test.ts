import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VaultClient } from "../../clients/vault.ts";
import type { RunningSandbox } from "../../sandbox/sandbox.ts";
import { runCommand, writeDevStack } from "./command.ts";
import { useSandbox } from "./harness.ts";
import { rootVault } from "./main-job/ground.ts";
import { cleanUp, clientOf, clientWith, declaration } from "./operators/ground.ts";

/** The command as a person runs it, in a project folder of its own. Kubernetes is another file's. */
describe("npm run bootstrap", () => {
  let sandbox: RunningSandbox;
  let root: VaultClient;
  let folder: string;
  let personToken: string;

  beforeAll(async () => {
    sandbox = await useSandbox();
    root = await rootVault(sandbox);
    folder = await mkdtemp(join(tmpdir(), "bootstrap-cli-"));
    const { auth } = await root.write("auth/token/create", { policies: ["root"], ttl: "15m" });
    personToken = String(auth?.client_token);
    await writeDevStack(folder, declaration(sandbox));
  });

  afterAll(async () => {
    await cleanUp(root);
    await root.close();
    await rm(folder, { recursive: true });
  });

  async function run(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    input = "",
  ) {
    const env = {
      HOME: folder,
      VAULT_TOKEN: personToken,
      KUBECONFIG: sandbox.kubernetes.kubeconfigs.admin,
      ...environment,
    };
    return runCommand("cli/bootstrap/main.ts", args, { cwd: folder, env, input });
  }

  it("shows what it would do, does it, and then finds nothing to do", async () => {
    const before = await run(["apply", "--vault-only", "--plan"]);
    expect(before).toMatchObject({ code: 2, stderr: "" });
    expect(before.stdout).toMatch(
      /to create.*policy.*vault-management\.optest\.deployer[\s\S]*14 of 14 to be done; nothing was changed/,
    );
    expect(await root.read("sys/policies/acl/vault-management.optest.deployer")).toBeUndefined();

    const applied = await run(["apply", "--vault-only"]);
    expect(applied).toMatchObject({ code: 0 });
    expect(applied.stderr).toContain("created policy sys/policies/acl/vault-management.optest.auditor");
    expect(applied.stdout).toMatch(/14 of 14 done/);

    const after = await run(["apply", "--vault-only", "--plan", "--json"]);
    expect(after).toMatchObject({ code: 0, stderr: "" });
    expect(new Set((JSON.parse(after.stdout) as { action: string }[]).map(({ action }) => action))).toEqual(
      new Set(["keep"]),
    );
  });

  it("plans for Kubernetes as well", async () => {
    const { code, stdout } = await run(["apply", "--plan", "--json"]);
    expect(code).toBe(2);
    expect(stdout).toContain('"vault-management:optest:deployer"');
  });

  it("prints the policy that Vault has, and manifests, without asking a server", async () => {
    const nowhere = { VAULT_TOKEN: "", KUBECONFIG: "/dev/null" };
    const { stdout } = await run(["policy", "deployer"], nowhere);
    expect(`${stdout.trimEnd()}\n`).toBe(
      (await root.read("sys/policies/acl/vault-management.optest.deployer"))?.policy,
    );
    const manifests = await run(["policy", "--kubernetes"], nowhere);
    expect(manifests.stdout.match(/^kind: /gm)?.length).toBe(17);
  });

  it("writes a deployer's token into a new file, 0600, and shows it nowhere", async () => {
    const out = join(folder, "deployer-token");
    const made = await run(["token", "deployer", "--ttl", "10m", "--out", out]);
    expect(made).toMatchObject({ code: 0, stderr: "" });
    const token = (await readFile(out, "utf8")).trim();
    expect(made.stdout.includes(token)).toBe(false);
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    const deployer = clientOf(sandbox, token);
    expect(await deployer.read("auth/token/lookup-self")).toMatchObject({
      policies: ["vault-management.optest.deployer"],
      orphan: true,
      renewable: false,
      explicit_max_ttl: 600,
    });
    await deployer.close();
    const again = await run(["token", "deployer", "--out", out]);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("EEXIST") });
    expect((await readFile(out, "utf8")).trim()).toBe(token);
  });

  it("writes a token of break-glass that lives for a quarter of an hour where nothing else is said", async () => {
    const out = join(folder, "break-glass-token");
    expect(await run(["token", "break-glass", "--out", out])).toMatchObject({ code: 0, stderr: "" });
    const operator = clientOf(sandbox, (await readFile(out, "utf8")).trim());
    expect(await operator.read("auth/token/lookup-self")).toMatchObject({
      policies: ["vault-management.optest.break-glass"],
      renewable: false,
      explicit_max_ttl: 900,
    });
    await operator.close();
  });

  describe("refuses, changing nothing", () => {
    it.each([
      [
        "an operator that does not exist",
        ["policy", "deploier"],
        {},
        /found deploier.*did you mean deployer/,
      ],
      ["no operator", ["policy"], {}, /Name one operator/],
      ["a stack without a file", ["apply", "-s", "nowhere"], {}, /no Pulumi\.nowhere\.yaml.*dev/],
      [
        "a token that lives too long",
        ["token", "deployer", "--ttl", "48h", "--out", "x"],
        {},
        /--ttl: found 48h/,
      ],
      [
        "a token of break-glass for longer than an emergency",
        ["token", "break-glass", "--ttl", "1h", "--out", "x"],
        {},
        /--ttl: found 1h, allowed for break-glass a Go duration of at most 15m/,
      ],
      ["no Vault token", ["apply", "--vault-only"], { VAULT_TOKEN: "" }, /No Vault token/],
      [
        "a Vault that is away",
        ["apply", "--vault-only"],
        { VAULT_ADDR: "https://127.0.0.1:1" },
        /cannot be reached/,
      ],
      ["a kubeconfig that is none", ["apply"], { KUBECONFIG: "/dev/null" }, /kubeconfig .* cannot be read/],
    ] as const)("%s", async (_what, args, environment, message) => {
      const { code, stdout, stderr } = await run(args, environment);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(message);
      expect(stderr).not.toMatch(/^\s+at /m);
    });

    it("a token without the rights, with each right that is missing", async () => {
      const token = await root.write("auth/token/create-orphan", { policies: ["default"], ttl: "5m" });
      const { code, stderr } = await run(["apply", "--vault-only"], {
        VAULT_TOKEN: String(token.auth?.client_token),
      });
      expect(code).toBe(1);
      expect(stderr).toMatch(/problem\(s\), nothing was changed[\s\S]*vault-management\.optest\.deployer/);
    });
  });

  it("gives an operator's own token no way to widen itself", async () => {
    const deployer = await clientWith(root, sandbox, "vault-management.optest.deployer");
    await expect(
      deployer.write("sys/policies/acl/vault-management.optest.deployer", { policy: "" }),
    ).rejects.toMatchObject({ status: 403 });
    await deployer.close();
  });
});
