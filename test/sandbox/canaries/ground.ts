import { randomBytes } from "node:crypto";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VaultClient, withVault } from "../../../clients/vault.ts";
import { tokenHolders } from "../../../sandbox/operators/files.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import type { Canaries } from "../../canaries/scan.ts";
import { runCommand, writeDevStack } from "../command.ts";
import type { Edit } from "../main-job/ground.ts";

/** Where the value stands in Vault, and what it is called by in the cluster. */
export const place = { path: "canary/app", property: "value", namespace: "canary", secret: "app" } as const;

/** The dev stack with this one secret in the place of its own. */
export const canaryStack: Edit = {
  namespaces: { llm: undefined, user: undefined, ...reading(place.property) },
};

/** Another property of the same secret, which it does not have: the deployment fails with the value at hand. */
export const absent: Edit = {
  namespaces: reading("absent"),
  externalSecrets: { readiness: { timeout: "5s" } },
};

function reading(property: string): Edit {
  const secrets = { [place.secret]: { data: { value: `${place.path}#${property}` } } };
  return { [place.namespace]: { services: { app: { secrets } } } };
}

/** Values with everything that some encoding writes otherwise. */
export function newValue(name: string): string {
  return `${name}-${randomBytes(12).toString("hex")} "<ä&\\>`;
}

/** Everything secret that the sandbox keeps in files of its own, by what it is. */
export async function keptSecrets({ paths, vault }: RunningSandbox): Promise<Canaries> {
  const read = async (file: string) => (await readFile(file, "utf8")).trim();
  const tokens = tokenHolders.map(async (holder) => [
    `the token of ${holder}`,
    await read(vault.tokens[holder]),
  ]);
  const [, etcdKey = ""] = /secret: (\S+)/.exec(await read(paths.encryptionConfig)) ?? [];
  return {
    ...Object.fromEntries(await Promise.all(tokens)),
    "the token of the sandbox itself": await read(paths.vaultPeersTokenFile),
    "the unseal key": await read(paths.vaultUnsealKeyFile),
    "the key of etcd's encryption": etcdKey,
    "the key of service accounts": (await read(paths.serviceAccountKeyFile)).split("\n")[5] ?? "",
  };
}

/** A login by the store's own service account: the token that it is made with, and the one that Vault gives. */
export async function loginTokens({ vault }: RunningSandbox, jwt: string, role: string): Promise<Canaries> {
  const { address, caPem } = vault;
  const { auth } = await withVault({ address, caPem }, (nobody) =>
    nobody.write("auth/kubernetes/login", { role, jwt }),
  );
  const token = String(auth?.client_token);
  const workload = new VaultClient({ address: vault.address, caPem: vault.caPem, token });
  await workload.read(`kv/data/${place.path}`);
  await workload.close();
  return { "a service account's token": jwt, "a login's token": token };
}

/** The commands as an operator runs them, in a folder with the stack's file, and all that they print. */
export interface Commands {
  readonly printed: () => string;
  run(
    command: readonly [program: string, ...words: string[]],
    token: string,
    input?: string,
  ): Promise<{ readonly code: number | null; readonly output: string }>;
}

/** @param caller what stands in the operator's own environment beside what the commands need */
export async function commandsIn(
  { vault, kubernetes, paths }: RunningSandbox,
  declaration: Readonly<Record<string, unknown>>,
  caller: Readonly<Record<string, string>>,
): Promise<Commands> {
  const folder = await mkdtemp(join(tmpdir(), "canary-project-"));
  await writeDevStack(folder, declaration);
  const environment = {
    ...caller,
    PATH: process.env.PATH ?? "",
    TMPDIR: tmpdir(),
    HOME: folder,
    VAULT_ADDR: vault.address,
    VAULT_CACERT: vault.caFile,
    KUBECONFIG: kubernetes.kubeconfigs.auditor,
    SANDBOX_STATE: paths.root,
  };
  let printed = "";
  return {
    printed: () => printed,
    run: async ([program, ...words], token, input = "") => {
      const env = { ...environment, VAULT_TOKEN: token };
      const { code, stdout, stderr } = await runCommand(program, words, { cwd: folder, env, input });
      const output = stdout + stderr;
      printed += output;
      return { code, output };
    },
  };
}
