import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Evidence } from "../../../cli/break-glass/evidence.ts";
import { VaultClient, VaultError, withVault } from "../../../clients/vault.ts";
import { directEngine } from "../../../sandbox/engine/direct/engine.ts";
import type { ClusterOperator, TokenHolder } from "../../../sandbox/operators/files.ts";
import { until } from "../../../sandbox/processes/until.ts";
import { type RunningProvider, startProvider } from "../../../sandbox/providers/server.ts";
import { readState } from "../../../sandbox/state.ts";
import { type Answer, runCommand, writeDevStack } from "../command.ts";
import { useSandbox } from "../harness.ts";
import { Cluster, type ServiceAccountRef } from "../main-job/cluster.ts";
import {
  declarationWith,
  deploy,
  type Edit,
  type Ground,
  projectFolder,
  putInVault,
  rootVault,
  valueInVault,
} from "../main-job/ground.ts";

/** The path that leaks, its Secret, and one of another namespace that goes on. */
export const PATH = "llm/openai";
export const SECRET = ["llm", "openai-api-key"] as const;
export const OTHER = ["user", "profile-token"] as const;
export const READER: ServiceAccountRef = { namespace: "llm", name: "vault-store" };
const OTHER_PATH = "user/profile";
const STATE = "rotation/openai-llm";
/** Role of the same account that gives batch tokens, which nobody can revoke. */
const BATCH_ROLE = "break-glass-batch";

export interface RunOptions {
  /** @default breakGlass */
  readonly as?: TokenHolder & ClusterOperator;
  readonly environment?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** What `revoke --json` prints, as far as the tests look. */
export interface Printed {
  readonly id: string;
  readonly evidence: string;
  readonly steps: readonly { readonly id: string; readonly standing: string }[];
  readonly notDone: readonly string[];
  readonly deniedAfterMilliseconds: number;
}

/** The dev stack with a key that rotates and is refreshed every ten seconds, and another namespace beside it. */
export interface BreakGlassGround extends Ground {
  readonly cluster: Cluster;
  readonly provider: RunningProvider;
  readonly folder: string;
  /** Everything that any run has printed. */
  readonly printed: () => string;
  readonly edit: Edit;
  run(args: readonly string[], options?: RunOptions): Promise<Answer>;
  /** `revoke <path> --yes-i-mean <path> --json`, which must end with `code`. */
  revoke(code: number, args?: readonly string[], options?: RunOptions): Promise<Printed>;
  environmentOf(as: TokenHolder & ClusterOperator): Promise<Readonly<Record<string, string>>>;
  /** A login as the namespace's store, or as a client with batch tokens of the same account. */
  login(kind?: "service" | "batch"): Promise<VaultClient>;
  /** The status of reading the path: 200, or as Vault refuses it. */
  read(client: VaultClient): Promise<number>;
  /** Puts a key that the provider accepts; the value is one that is never printed. */
  putNewValue(): Promise<string>;
  synced(): Promise<string | undefined>;
  evidence(file: string): Promise<Evidence>;
  /** Values that were at some time at the path. */
  readonly values: string[];
  close(): Promise<void>;
}

const unsynced: Edit = { externalSecrets: { readiness: { mode: "report", timeout: "1s" } } };
const withoutSecrets: Edit = { ...unsynced, namespaces: { llm: { store: {}, services: undefined } } };

export async function breakGlassGround(): Promise<BreakGlassGround> {
  const sandbox = await useSandbox();
  const adminKey = `sk-admin-${randomBytes(16).toString("hex")}`;
  const provider = await startProvider(adminKey);
  const vault = await rootVault(sandbox);
  const ground: Ground = { engine: directEngine("the tests' own", projectFolder), sandbox, vault };
  const edit = leaking(provider.address);
  await deploy(ground, withoutSecrets);
  await forgetEarlierFiles(vault);
  await putInVault(ground, "platform/openai-admin", { api_key: adminKey });
  await putInVault(ground, OTHER_PATH, { token: "first" });
  const folder = await mkdtemp(join(tmpdir(), "break-glass-"));
  await writeDevStack(folder, await declarationWith(sandbox, edit));
  await deployOnceBound(ground, edit);
  await makeBatchRole(vault);
  const cluster = new Cluster(sandbox);
  const values: string[] = [];
  let printed = "";

  const environmentOf = async (as: TokenHolder & ClusterOperator) => ({
    ...{ PATH: process.env.PATH ?? "", HOME: folder, VAULT_ADDR: sandbox.vault.address },
    ...{ VAULT_CACERT: sandbox.vault.caFile, VAULT_TOKEN: await readState(sandbox.vault.tokens[as]) },
    KUBECONFIG: sandbox.kubernetes.kubeconfigs[as],
  });
  const run: BreakGlassGround["run"] = async (args, { as = "breakGlass", environment = {} } = {}) => {
    const env = { ...(await environmentOf(as)), ...environment };
    const answer = await runCommand("cli/break-glass/main.ts", args, { cwd: folder, env });
    printed += answer.stdout + answer.stderr;
    return answer;
  };
  return {
    ...ground,
    ...{ cluster, provider, folder, values, run, environmentOf, edit, printed: () => printed },
    revoke: async (code, args = [], options = {}) => {
      const answer = await run(["revoke", PATH, "--yes-i-mean", PATH, "--json", ...args], options);
      if (answer.code !== code)
        throw new Error(`exit code ${answer.code}, not ${code}: ${answer.stderr}${answer.stdout}`);
      return JSON.parse(answer.stdout) as Printed;
    },
    login: (kind = "service") => login(sandbox, cluster, kind),
    read: async (client) => {
      try {
        return (await client.request("GET", `kv/data/${PATH}`)).status;
      } catch (error) {
        if (error instanceof VaultError) return error.status;
        throw error;
      }
    },
    putNewValue: async () => {
      const value = `sk-by-hand-${randomBytes(12).toString("hex")}`;
      values.push(value);
      provider.state.keys.putKey(value);
      await putInVault(ground, PATH, { api_key: value });
      return value;
    },
    synced: async () => (await cluster.secret(...SECRET))?.api_key,
    evidence: async (file) => JSON.parse(await readFile(join(folder, file), "utf8")) as Evidence,
    close: async () => {
      await vault.delete(`auth/kubernetes/role/${BATCH_ROLE}`);
      await forgetEarlierFiles(vault);
      await deploy(ground, withoutSecrets);
      await provider.close();
      await vault.close();
      await rm(folder, { recursive: true });
    },
  };
}

/**
 * A new namespace is bound to the deployer just before it deploys there, and an API server learns of a binding with a delay:
 * on a busy machine, seconds. Any other failure is one.
 */
async function deployOnceBound(ground: Ground, edit: Edit): Promise<void> {
  await until(
    "the deployer was let into its namespaces",
    { deadlineMs: 120_000, intervalMs: 500 },
    async () => {
      try {
        await deploy(ground, edit);
        return true;
      } catch (error) {
        if (String(error).includes("is forbidden")) return undefined;
        throw error;
      }
    },
  );
}

/** What the file leaves in Vault, or an earlier one did: versions, denials, and the memory of them. */
async function forgetEarlierFiles(vault: VaultClient): Promise<void> {
  for (const path of [PATH, STATE, "break-glass/dev", "break-glass/dev-drill"])
    await vault.delete(`kv/metadata/${path}`);
  for (const group of [0, 1, 2, 3]) {
    const empty = { member_entity_ids: [], metadata: {} };
    await vault.write(`identity/group/name/vault-management-dev-denied-${group}`, empty);
  }
}

/** One rotation at once, as an operator runs it; its Job's outcome as the command ends. */
export async function rotateNow(ground: BreakGlassGround, args: readonly string[] = []): Promise<Answer> {
  const env = {
    ...(await ground.environmentOf("deployer")),
    VAULT_TOKEN: await readState(ground.sandbox.vault.tokens.secretAdmin),
  };
  return runCommand("cli/rotate/main.ts", ["now", "openai-llm", ...args], { cwd: ground.folder, env });
}

/** Two keys that the rotator made at the provider, current and previous; the earlier one's overlap still runs. */
export async function rotateTwice(ground: BreakGlassGround): Promise<void> {
  for (const args of [[], ["--despite-overlap"]]) {
    const { code, stdout, stderr } = await rotateNow(ground, args);
    if (code !== 0) throw new Error(`the rotation failed: ${stdout}${stderr}`);
    ground.values.push(String(await valueInVault(ground, PATH, "api_key")));
  }
  await untilSynced(ground, ground.values.at(-1));
}

/** Waits until the Secret has a value, or is not there. */
export async function untilSynced(ground: BreakGlassGround, value: string | undefined): Promise<void> {
  await until("the Secret was as Vault has it", { deadlineMs: 90_000, intervalMs: 250 }, async () =>
    (await ground.synced()) === value ? true : undefined,
  );
}

/** Waits while the other namespace is refreshed so many times: as many intervals of the same length have passed for all. */
export async function afterRefreshes({ cluster }: BreakGlassGround, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    const before = await cluster.refreshTime(...OTHER);
    await until("the other namespace was refreshed", { deadlineMs: 60_000, intervalMs: 250 }, async () =>
      (await cluster.refreshTime(...OTHER)) === before ? undefined : true,
    );
  }
}

/** Evidence files in the folder that commands ran in. */
export async function evidenceFiles({ folder }: BreakGlassGround): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith("break-glass-"));
}

async function makeBatchRole(vault: VaultClient): Promise<void> {
  const role = await vault.read("auth/kubernetes/role/voyager-platform-llm");
  await vault.write(`auth/kubernetes/role/${BATCH_ROLE}`, { ...role, token_type: "batch" });
}

async function login(
  { vault: { address, caPem }, kubernetes }: Ground["sandbox"],
  cluster: Cluster,
  kind: "service" | "batch",
): Promise<VaultClient> {
  const jwt = await cluster.token(READER, ["vault", kubernetes.apiAudience]);
  const role = kind === "batch" ? BATCH_ROLE : "voyager-platform-llm";
  const { auth } = await withVault({ address, caPem }, (nobody) =>
    nobody.write("auth/kubernetes/login", { role, jwt }),
  );
  return new VaultClient({ address, caPem, token: String(auth?.client_token) });
}

function leaking(address: string): Edit {
  return {
    ...unsynced,
    rotation: {
      keys: {
        "openai-llm": {
          ...{ provider: "openai", baseUrl: `${address}/v1`, project: "proj_llm", name: "llm-gateway" },
          ...{ path: PATH, property: "api_key", admin: "platform/openai-admin#api_key" },
          ...{ schedule: "0 3 * * 1", overlap: "3h" },
        },
      },
    },
    namespaces: {
      llm: { services: { "llm-gateway": { secrets: { [SECRET[1]]: { refreshInterval: "10s" } } } } },
      user: {
        services: {
          profile: {
            secrets: { [OTHER[1]]: { refreshInterval: "10s", data: { token: `${OTHER_PATH}#token` } } },
          },
        },
      },
    },
  };
}
