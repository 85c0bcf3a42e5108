import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { VaultClient } from "../../../clients/vault.ts";
import { PROJECT } from "../../../config/stack-file.ts";
import { directEngine } from "../../../sandbox/engine/direct/engine.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import { useSandbox } from "../harness.ts";
import { Cluster } from "../main-job/cluster.ts";
import {
  declarationWith,
  deploy,
  type Edit,
  type Ground,
  projectFolder,
  rootVault,
} from "../main-job/ground.ts";

/** A row as `--json` gives it. */
export interface AuditRow {
  readonly source: string;
  readonly time: string;
  readonly who: {
    readonly kind: string;
    readonly name: string;
    readonly role?: string;
    readonly impersonatedBy?: string;
  };
  readonly operation: string;
  readonly path: string;
  readonly version?: number;
  readonly outcome: string;
  readonly notes: readonly string[];
  readonly places?: readonly string[];
}

export interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The dev stack, whose audit devices are a file and the nodes' output, and the command as an auditor runs it over what they wrote. */
export interface AuditGround extends Ground {
  readonly cluster: Cluster;
  /** When this began: earlier entries are other tests'. */
  readonly since: string;
  /** Everything that any run has printed. */
  readonly printed: () => string;
  run(args: readonly string[], input?: string): Promise<Answer>;
  /** The rows of a query over all logs, since this began. */
  rows(query: readonly string[], input?: string): Promise<readonly AuditRow[]>;
  /** A login by the user namespace's store, whose role reads nothing. */
  loginAsUser(role: string): Promise<VaultClient>;
  close(): Promise<void>;
}

/** ESO is not waited for: a value is put after. */
const unsynced: Edit = { externalSecrets: { readiness: { mode: "report", timeout: "1s" } } };

export async function auditGround(): Promise<AuditGround> {
  const sandbox = await useSandbox();
  const vault = await rootVault(sandbox);
  const ground: Ground = { engine: directEngine("the tests' own", projectFolder), sandbox, vault };
  const since = new Date().toISOString();
  await deploy(ground, unsynced);

  const folder = await mkdtemp(join(tmpdir(), "audit-"));
  const declaration = Object.entries(await declarationWith(sandbox));
  const config = Object.fromEntries(declaration.map(([key, value]) => [`${PROJECT}:${key}`, value]));
  await writeFile(join(folder, "Pulumi.dev.yaml"), stringify({ config }));
  const environment = {
    PATH: process.env.PATH ?? "",
    HOME: folder,
    VAULT_TOKEN: (await readFile(sandbox.vault.tokens.auditor, "utf8")).trim(),
  };
  let printed = "";
  const run: AuditGround["run"] = async (args, input = "") => {
    const answer = await runMain(args, input, folder, environment);
    printed += answer.stdout + answer.stderr;
    return answer;
  };
  return {
    ...ground,
    cluster: new Cluster(sandbox),
    since,
    printed: () => printed,
    run,
    rows: async (query, input) => {
      const { stdout, stderr, code } = await run(
        [...query, "--json", "--since", since, ...logOptions(sandbox)],
        input,
      );
      if (code !== 0) throw new Error(stderr);
      return (JSON.parse(stdout) as { readonly rows: readonly AuditRow[] }).rows;
    },
    loginAsUser: (role) => loginAsUser(sandbox, role),
    close: async () => {
      await vault.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** All logs of the sandbox: the device on a file, the one on the nodes' output, and the API server's. */
export function logOptions({ paths, vault }: RunningSandbox): readonly string[] {
  return [
    "--vault-log",
    deviceLog(paths),
    ...vault.nodes.map((_, index) => join(paths.logs, `vault-${index + 1}.log`)),
    "--kubernetes-log",
    paths.kubernetesAuditLog,
  ];
}

/** What the dev stack's device `file` writes. */
export function deviceLog({ vaultAudit }: RunningSandbox["paths"]): string {
  return join(vaultAudit, "file.log");
}

async function loginAsUser(sandbox: RunningSandbox, role: string): Promise<VaultClient> {
  const { address, caPem } = sandbox.vault;
  const audiences = ["vault", sandbox.kubernetes.apiAudience];
  const jwt = await new Cluster(sandbox).token({ namespace: "user", name: "vault-store" }, audiences);
  const nobody = new VaultClient({ address, caPem });
  try {
    const { auth } = await nobody.write("auth/kubernetes/login", { role, jwt });
    return new VaultClient({ address, caPem, token: String(auth?.client_token) });
  } finally {
    await nobody.close();
  }
}

function runMain(
  args: readonly string[],
  input: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<Answer> {
  const child = spawn(process.execPath, [join(projectFolder, "cli/audit/main.ts"), ...args], {
    cwd,
    env: { ...env },
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    output.stdout += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    output.stderr += String(chunk);
  });
  child.stdin.on("error", () => {}); // a command that refuses early reads no input
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...output }));
  });
}
