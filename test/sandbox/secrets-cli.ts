import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VaultClient } from "../../clients/vault.ts";
import { openRoot } from "../../sandbox/vault/root.ts";
import { type Answer, runCommand, writeDevStack } from "./command.ts";
import { useSandbox } from "./harness.ts";
import { type Rules, tokenWith } from "./token-with.ts";

/** KV mounts that these tests make and remove; the deployed stack's own are left alone. */
export const mount = "secrets-test";
export const second = "secrets-test-second";

/** A project folder whose stack reads of both mounts. */
const declaration = {
  environment: "test",
  tier: "development",
  vault: {
    address: "https://127.0.0.1:1",
    cluster: "shared",
    mounts: { [mount]: {}, [second]: {} },
    auth: { rolePrefix: "secrets-test" },
  },
  kubernetes: { context: "none", apiAddress: "https://127.0.0.1:1" },
  externalSecrets: { chart: { version: "0.20.4" }, crds: { sha256: "0".repeat(64) } },
  namespaces: {
    app: {
      store: { mount },
      services: {
        api: {
          secrets: {
            db: { data: { USER: "team/db#user", PASSWORD: "team/db#password" } },
            all: { dataFrom: [{ extract: { key: "team/all" } }] },
            pinned: { data: { P: { remoteRef: { key: "team/pinned", property: "p", version: 2 } } } },
            nested: { data: { N: "team/nested#outer.inner" } },
          },
        },
      },
    },
    other: {
      store: { mount: second },
      services: { api: { secrets: { db: { data: { P: "team/db#password" } } } } },
    },
  },
};

/** The command as an operator runs it, in a project folder and a home of its own. */
export interface SecretsCli {
  readonly root: VaultClient;
  readonly folder: string;
  /** Everything that any run has printed. */
  readonly printed: () => string;
  run(
    args: readonly string[],
    input?: string,
    environment?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  /** The capabilities on each path, as a token. */
  tokenWith(name: string, rules: Rules): Promise<string>;
  remove(): Promise<void>;
}

export async function secretsCli(): Promise<SecretsCli> {
  const sandbox = await useSandbox();
  const { vault } = sandbox;
  const root = await openRoot(sandbox);
  const folder = await mkdtemp(join(tmpdir(), "secrets-cli-"));
  await writeDevStack(folder, declaration);
  const policies: string[] = [];
  const madeWith: SecretsCli["tokenWith"] = (name, rules) => {
    const policy = `secrets-test-${name}`;
    policies.push(policy);
    return tokenWith(root, policy, rules);
  };
  const secretAdmin = [mount, second].flatMap((path) => [
    [`${path}/data/*`, ["create", "update", "patch"]] as const,
    [`${path}/metadata/*`, ["read"]] as const,
    [`${path}/subkeys/*`, ["read"]] as const,
  ]);
  const defaults = {
    PATH: process.env.PATH ?? "",
    HOME: folder,
    VAULT_ADDR: vault.address,
    VAULT_CACERT: vault.caFile,
    VAULT_TOKEN: await madeWith("secret-admin", Object.fromEntries(secretAdmin)),
  };
  let printed = "";
  return {
    root,
    folder,
    printed: () => printed,
    run: async (args, input = "", environment = {}) => {
      const answer = await runCommand("cli/secrets/main.ts", args, {
        cwd: folder,
        env: { ...defaults, ...environment },
        input,
      });
      printed += answer.stdout + answer.stderr;
      return answer;
    },
    tokenWith: madeWith,
    remove: async () => {
      for (const policy of policies) await root.delete(`sys/policies/acl/${policy}`);
      for (const path of [mount, second]) await root.delete(`sys/mounts/${path}`);
      await root.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Makes both mounts as the program does, check-and-set required. */
export async function makeMounts(root: VaultClient): Promise<void> {
  for (const path of [mount, second]) {
    await root.write(`sys/mounts/${path}`, { type: "kv", options: { version: "2" } });
    await untilUpgraded(root, path);
    await root.write(`${path}/config`, { cas_required: true });
  }
}

/** A new KV v2 mount answers 400 while Vault prepares its storage. */
async function untilUpgraded(root: VaultClient, path: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const ready = await root.read(`${path}/config`).then(
      () => true,
      () => false,
    );
    if (ready) return;
    if (Date.now() > deadline) throw new Error(`the mount ${path} did not become ready`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
