import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { VaultClient } from "../../clients/vault.ts";
import { parseSettings } from "../../config/parse.ts";
import type { Settings } from "../../config/schema.ts";
import { bootstrapOperators } from "../../sandbox/operators/bootstrap.ts";
import { type TokenHolder, tokenHolders } from "../../sandbox/operators/files.ts";
import { down, type RunningSandbox, up } from "../../sandbox/sandbox.ts";
import { readState, writePrivate } from "../../sandbox/state.ts";
import { withRoot } from "../../sandbox/vault/root.ts";
import { testRoot, useSandbox } from "./harness.ts";
import { declarationWith, type Edit } from "./main-job/ground.ts";

const tokenSchema = z.object({
  display_name: z.string(),
  policies: z.array(z.string()),
  orphan: z.boolean(),
  period: z.number().optional(),
  ttl: z.number(),
  expire_time: z.string().nullable(),
});
type Token = z.infer<typeof tokenSchema>;

const day = 24 * 60 * 60;

let sandbox: RunningSandbox;

beforeAll(async () => {
  sandbox = await useSandbox();
  await bootstrapOperators(sandbox, await settingsWith());
});

async function settingsWith(...edits: readonly Edit[]): Promise<Settings> {
  return parseSettings(await declarationWith(sandbox, ...edits), "Pulumi.dev.yaml");
}

function clientWith(token: string): VaultClient {
  const client = new VaultClient({ ...sandbox.vault, token });
  onTestFinished(() => client.close());
  return client;
}

async function as(holder: TokenHolder): Promise<VaultClient> {
  return clientWith(await readState(sandbox.vault.tokens[holder]));
}

/** Every token that Vault knows; one that ends between the two requests is left out. */
async function livingTokens(client: VaultClient): Promise<readonly Token[]> {
  const accessors = (await client.list("auth/token/accessors")) ?? [];
  const found = await Promise.all(
    accessors.map((accessor) =>
      client.write("auth/token/lookup-accessor", { accessor }).then(
        ({ data }) => [tokenSchema.parse(data)],
        () => [],
      ),
    ),
  );
  return found.flat();
}

async function rootTokens(client: VaultClient): Promise<readonly Token[]> {
  return (await livingTokens(client)).filter(({ policies }) => policies.includes("root"));
}

describe("root", () => {
  it("has no token once the sandbox is up: the first one is revoked, and its file gone", async () => {
    expect(existsSync(sandbox.paths.vaultInitialRootTokenFile)).toBe(false);
    expect(await rootTokens(await as("auditor"))).toEqual([]);
  });

  it("loses the first token also where an earlier `up` was killed before it could revoke it", async () => {
    const left = await withRoot(sandbox, async (root) => {
      const { auth } = await root.write("auth/token/create-orphan", { policies: ["root"], ttl: "10m" });
      return String(auth?.client_token);
    });
    await writePrivate(sandbox.paths.vaultInitialRootTokenFile, left);
    await up({ root: testRoot });
    expect(existsSync(sandbox.paths.vaultInitialRootTokenFile)).toBe(false);
    await expect(clientWith(left).read("auth/token/lookup-self")).rejects.toMatchObject({ status: 403 });
  });

  it("has one for the work that needs it, which would end by itself, and none afterwards", async () => {
    const during = await withRoot(sandbox, rootTokens);
    expect(during).toHaveLength(1);
    expect(during[0]).toMatchObject({ display_name: "token-sandbox-root", policies: ["root"], orphan: true });
    expect(during[0]?.ttl).toBeGreaterThan(0);
    expect(during[0]?.ttl).toBeLessThanOrEqual(60 * 60);
    expect(await rootTokens(await as("auditor"))).toEqual([]);
  });

  it("has none after work that failed, either", async () => {
    const failing = withRoot(sandbox, async () => {
      throw new Error("the work failed");
    });
    await expect(failing).rejects.toThrow("the work failed");
    expect(await rootTokens(await as("auditor"))).toEqual([]);
  });

  it("is had by several at once, each by a token of its own", async () => {
    const works = Array.from({ length: 4 }, (_, index) =>
      withRoot(sandbox, async (client) => (await client.read("auth/token/lookup-self"))?.accessor ?? index),
    );
    expect(new Set(await Promise.all(works)).size).toBe(4);
    expect(await rootTokens(await as("auditor"))).toEqual([]);
  });

  it("is had although somebody began an attempt and never ended it", async () => {
    const client = clientWith("");
    await client.request("PUT", "sys/generate-root/attempt", {});
    expect(await withRoot(sandbox, async (root) => (await root.read("sys/mounts")) !== undefined)).toBe(true);
  });
});

describe("the operators' tokens", () => {
  it("are in files of 0600, and so are their kubeconfigs", async () => {
    const files = [...Object.values(sandbox.vault.tokens), ...Object.values(sandbox.kubernetes.kubeconfigs)];
    for (const file of files) expect(((await stat(file)).mode & 0o777).toString(8), file).toBe("600");
  });

  it.each([
    ["deployer", ["vault-management.dev.deployer"]],
    ["previewer", ["vault-management.dev.previewer"]],
    ["auditor", ["vault-management.dev.auditor"]],
    ["secretAdmin", ["vault-management.dev.secret-admin"]],
    ["breakGlass", ["vault-management.dev.break-glass"]],
    ["breakGlassRestore", ["vault-management.dev.break-glass-restore"]],
    ["person", ["vault-management.dev.auditor", "vault-management.dev.secret-admin"]],
  ] as const)(
    "of the %s has its own policy, not the default one, and lives for weeks",
    async (holder, policies) => {
      const self = tokenSchema.parse(await (await as(holder)).read("auth/token/lookup-self"));
      expect(self).toMatchObject({ policies, orphan: true });
      expect(self.ttl).toBeGreaterThan(7 * day);
    },
  );

  it("are all that the sandbox has, but for the one that sees which nodes vote", async () => {
    const names = (await livingTokens(await as("auditor"))).map(({ display_name }) => display_name);
    const own = names.filter((name) => name.startsWith("token-sandbox-"));
    const holders = [...tokenHolders, "peers"].map((holder) => `token-sandbox-${holder}`);
    expect(own.toSorted()).toEqual(holders.toSorted());
  });

  it("stay as they are while they are good, and are made anew when they are not", async () => {
    const file = sandbox.vault.tokens.deployer;
    const before = await readState(file);
    expect(await bootstrapOperators(sandbox, await settingsWith())).toEqual([]);
    expect(await readState(file)).toBe(before);

    await clientWith(before).write("auth/token/revoke-self", {});
    await bootstrapOperators(sandbox, await settingsWith());
    expect(await readState(file)).not.toBe(before);
    await expect((await as("deployer")).read("sys/mounts")).resolves.toBeDefined();
  });

  it("are made anew from a file that holds no token of this Vault", async () => {
    await writePrivate(sandbox.vault.tokens.auditor, "hvs.of-another-vault");
    await bootstrapOperators(sandbox, await settingsWith());
    await expect((await as("auditor")).read("sys/auth")).resolves.toBeDefined();
  });
});

describe("`sandbox env`", () => {
  const program = join(import.meta.dirname, "../../sandbox/main.ts");

  /** Token and kubeconfig that a shell has after it, though it had a token before. */
  function shellAfter(...args: readonly string[]): readonly string[] {
    const env = { ...process.env, SANDBOX_STATE: testRoot };
    const lines = execFileSync(process.execPath, [program, "env", ...args], { env, encoding: "utf8" });
    const script = `VAULT_TOKEN=before; ${lines}\nprintf '%s\n' "\${VAULT_TOKEN-none}" "$KUBECONFIG"`;
    return execFileSync("/bin/sh", ["-c", script], { encoding: "utf8" }).trim().split("\n");
  }

  it.each([
    ["person", "admin", []],
    ["deployer", "deployer", ["--as", "deployer"]],
    ["previewer", "previewer", ["--as", "previewer"]],
    ["auditor", "auditor", ["--as", "auditor"]],
    ["breakGlass", "breakGlass", ["--as", "break-glass"]],
    ["breakGlassRestore", "breakGlassRestore", ["--as", "break-glass-restore"]],
  ] as const)("gives the %s's token and the %s's kubeconfig for %j", async (holder, user, args) => {
    const { vault, kubernetes } = sandbox;
    expect(shellAfter(...args)).toEqual([
      await readState(vault.tokens[holder]),
      kubernetes.kubeconfigs[user],
    ]);
  });

  it("gives the cluster's administrator no token", () => {
    expect(shellAfter("--as", "admin")).toEqual(["none", sandbox.kubernetes.kubeconfigs.admin]);
  });

  it("knows no root", () => {
    expect(() => shellAfter("--as", "root")).toThrow(/Allowed choices are operator, deployer/);
  });
});

describe("the operators' rights", () => {
  it("follow the declaration, and are mended when somebody changed them", async () => {
    const path = "sys/policies/acl/vault-management.dev.deployer";
    await withRoot(sandbox, (root) => root.write(path, { policy: 'path "*" { capabilities = ["sudo"] }' }));
    const changes = await bootstrapOperators(sandbox, await settingsWith());
    expect(changes).toMatchObject([{ path, action: "change" }]);
    expect(await bootstrapOperators(sandbox, await settingsWith())).toEqual([]);
  });

  it("are those that an edit needs, before it is deployed", async () => {
    const edit = { namespaces: { added: { store: {} } } };
    const changed = (await bootstrapOperators(sandbox, await settingsWith(edit))).map(({ path }) => path);
    expect(changed).toContain("sys/policies/acl/vault-management.dev.deployer");
    expect(changed).toContain("vault-management:dev:deployer");
    await bootstrapOperators(sandbox, await settingsWith());
  });
});

it("after `down` and `up`, tokens are still good and nothing has to be set up again", async () => {
  await down({ root: testRoot });
  await up({ root: testRoot });
  expect(await bootstrapOperators(sandbox, await settingsWith())).toEqual([]);
  for (const holder of tokenHolders) {
    await expect((await as(holder)).read("auth/token/lookup-self")).resolves.toBeDefined();
  }
  expect(await rootTokens(await as("auditor"))).toEqual([]);
});
