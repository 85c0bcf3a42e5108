import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VaultClient } from "../../../clients/vault.ts";
import { parseSettings } from "../../../config/parse.ts";
import type { Settings } from "../../../config/schema.ts";
import { directEngine } from "../../../sandbox/engine/direct/engine.ts";
import type { TokenHolder } from "../../../sandbox/operators/files.ts";
import { type RunningProvider, startProvider } from "../../../sandbox/providers/server.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import { readState } from "../../../sandbox/state.ts";
import { type Answer, runCommand, writeDevStack } from "../command.ts";
import { useSandbox } from "../harness.ts";
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

type ClusterUser = keyof RunningSandbox["kubernetes"]["kubeconfigs"];

/** Who runs a command: whose token in Vault, whose kubeconfig. */
export interface Person {
  readonly vault: TokenHolder;
  readonly kubernetes: ClusterUser;
}

/** May look at both slots' metadata, and run Jobs among the rotators. */
export const rotating: Person = { vault: "secretAdmin", kubernetes: "deployer" };

/** The dev stack with two rotated keys, really deployed: one that the provider makes, and one that a person does. */
export interface RotateGround extends Ground {
  readonly provider: RunningProvider;
  /** Everything that any run has printed. */
  readonly printed: () => string;
  /** The command as a person runs it. @param input standard input */
  rotate(args: readonly string[], person?: Person, input?: string): Promise<Answer>;
  /** What `npm run audit -- rotations` gives of Vault's log, since this began. */
  audited(): Promise<readonly AuditedRow[]>;
  /** What consumers read. */
  live(path: string): Promise<string>;
  readonly settings: Settings;
  /** The project's folder of these commands, with the stack's file alone. */
  readonly folder: string;
  /** What a command is run with. */
  environment(person: Person): Promise<Readonly<Record<string, string>>>;
  /** As a secret-admin. */
  readonly secretAdmin: VaultClient;
  readonly vaultLog: string;
  close(): Promise<void>;
}

export interface AuditedRow {
  readonly who: { readonly name: string };
  readonly path: string;
  readonly operation: string;
  readonly outcome: string;
  readonly notes: readonly string[];
}

const withoutSecrets: Edit = { namespaces: { llm: { store: {}, services: undefined } } };

/** @param more edits beside the rotations */
export async function rotateGround(...more: readonly Edit[]): Promise<RotateGround> {
  const sandbox = await useSandbox();
  const adminKey = `sk-admin-${randomBytes(16).toString("hex")}`;
  const provider = await startProvider(adminKey);
  const ground = {
    engine: directEngine("the tests' own", projectFolder),
    sandbox,
    vault: await rootVault(sandbox),
  };
  const since = new Date().toISOString();
  const edit = rotations(provider);
  await deploy(ground, withoutSecrets);
  await putInVault(ground, "platform/openai-admin", { api_key: adminKey });
  // The checks count versions and failures: the story begins here, whatever an earlier file left.
  for (const path of ["llm/openai", "llm/anthropic", "rotation/openai-llm", "rotation/anthropic"])
    await ground.vault.delete(`kv/metadata/${path}`);
  for (const path of ["llm/openai", "llm/anthropic"]) {
    await putInVault(ground, path, { api_key: provider.state.keys.putKey(byHand()).value });
  }
  await deploy(ground, edit, ...more);
  const folder = await mkdtemp(join(tmpdir(), "rotate-cli-"));
  const vaultLog = join(sandbox.paths.vaultAudit, "file.log");
  const declaration = await declarationWith(sandbox, edit, ...more);
  await writeDevStack(folder, declaration);
  const { address, caPem, tokens } = sandbox.vault;
  const secretAdmin = new VaultClient({ address, caPem, token: await readState(tokens.secretAdmin) });
  let printed = "";
  const run = async (program: string, args: readonly string[], person: Person, input?: string) => {
    const env = await environmentOf(sandbox, person, folder);
    return runCommand(program, args, { cwd: folder, env, ...(input === undefined ? {} : { input }) });
  };
  return {
    ...ground,
    ...{ provider, vaultLog, secretAdmin, folder, printed: () => printed },
    environment: (person) => environmentOf(sandbox, person, folder),
    settings: parseSettings(declaration, "Pulumi.dev.yaml"),
    rotate: async (args, person = rotating, input) => {
      const answer = await run("cli/rotate/main.ts", args, person, input);
      printed += answer.stdout + answer.stderr;
      return answer;
    },
    audited: async () => {
      const query = ["rotations", "--since", since, "--vault-log", vaultLog, "--json"];
      const { stdout } = await run("cli/audit/main.ts", query, rotating);
      return (JSON.parse(stdout) as { rows: AuditedRow[] }).rows;
    },
    live: async (path) => String(await valueInVault(ground, path, "api_key")),
    close: async () => {
      await deploy(ground, withoutSecrets);
      await provider.close();
      await Promise.all([ground.vault.close(), secretAdmin.close()]);
      await rm(folder, { recursive: true });
    },
  };
}

/** A key that the provider accepts and no rotation has made. */
export function byHand(): string {
  return `sk-by-hand-${randomBytes(12).toString("hex")}`;
}

function rotations({ address }: RunningProvider): Edit {
  const key = { property: "api_key", schedule: "0 3 * * 1", overlap: "3h", name: "llm-gateway" };
  return {
    rotation: {
      providers: {
        claude: {
          kind: "manual",
          test: {
            method: "GET",
            url: `${address}/plain/check`,
            headers: { "x-api-key": "{{key}}" },
            success: [204],
          },
        },
      },
      keys: {
        "openai-llm": {
          ...{ ...key, provider: "openai", baseUrl: `${address}/v1`, path: "llm/openai" },
          ...{ admin: "platform/openai-admin#api_key", project: "proj_llm" },
        },
        anthropic: { ...key, provider: "claude", path: "llm/anthropic" },
      },
    },
    namespaces: {
      llm: {
        services: {
          "llm-gateway": {
            secrets: {
              "anthropic-api-key": { refreshInterval: "1h", data: { api_key: "llm/anthropic#api_key" } },
            },
          },
        },
      },
    },
  };
}

async function environmentOf({ vault, kubernetes }: RunningSandbox, person: Person, home: string) {
  return {
    PATH: process.env.PATH ?? "",
    HOME: home,
    VAULT_ADDR: vault.address,
    VAULT_CACERT: vault.caFile,
    VAULT_TOKEN: await readState(vault.tokens[person.vault]),
    KUBECONFIG: kubernetes.kubeconfigs[person.kubernetes],
  };
}
