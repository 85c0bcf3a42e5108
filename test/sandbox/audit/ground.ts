import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VaultClient, withVault } from "../../../clients/vault.ts";
import { directEngine } from "../../../sandbox/engine/direct/engine.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import { type Answer, runCommand, writeDevStack } from "../command.ts";
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
  await writeDevStack(folder, await declarationWith(sandbox));
  const environment = {
    PATH: process.env.PATH ?? "",
    HOME: folder,
    VAULT_TOKEN: (await readFile(sandbox.vault.tokens.auditor, "utf8")).trim(),
  };
  let printed = "";
  const run: AuditGround["run"] = async (args, input = "") => {
    const answer = await runCommand("cli/audit/main.ts", args, { cwd: folder, env: environment, input });
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
  const { auth } = await withVault({ address, caPem }, (nobody) =>
    nobody.write("auth/kubernetes/login", { role, jwt }),
  );
  return new VaultClient({ address, caPem, token: String(auth?.client_token) });
}
