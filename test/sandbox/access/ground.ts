import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LiveReport } from "../../../cli/access/live/check.ts";
import { directEngine } from "../../../sandbox/engine/direct/engine.ts";
import { type Answer, runCommand, writeDevStack } from "../command.ts";
import { useSandbox } from "../harness.ts";
import {
  declarationWith,
  deploy,
  type Edit,
  type Ground,
  projectFolder,
  rootVault,
} from "../main-job/ground.ts";

/** The deployed dev stack, and the command as an auditor runs it: with the auditor's Vault token and kubeconfig alone. */
export interface AccessGround extends Ground {
  /** Deploys the stack with edits, and waits for no value. */
  deploy(...edits: readonly Edit[]): Promise<void>;
  /** `npm run access -- --live` over the stack with edits. */
  live(options?: LiveOptions): Promise<Answer>;
  /** The same with `--json`, and its report; fails when there is none. */
  report(options?: LiveOptions): Promise<LiveReport & { readonly code: number | null }>;
  /** A token with these rules alone. */
  tokenWith(rules: string): Promise<string>;
  close(): Promise<void>;
}

export interface LiveOptions {
  readonly edits?: readonly Edit[];
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const anyValue: Edit = { externalSecrets: { readiness: { mode: "report", timeout: "1s" } } };
const testPolicy = "access-test";

export async function accessGround(): Promise<AccessGround> {
  const sandbox = await useSandbox();
  const engine = directEngine("the tests' own", projectFolder);
  const vault = await rootVault(sandbox);
  const ground: Ground = { engine, sandbox, vault };
  const folder = await mkdtemp(join(tmpdir(), "access-"));

  const live = async ({ edits = [], args = [], environment = {} }: LiveOptions = {}) => {
    await writeDevStack(folder, await declarationWith(sandbox, ...edits));
    const env = {
      PATH: process.env.PATH ?? "",
      HOME: folder,
      VAULT_TOKEN: await readFile(sandbox.vault.tokens.auditor, "utf8"),
      KUBECONFIG: sandbox.kubernetes.kubeconfigs.auditor,
      ...environment,
    };
    return runCommand("cli/access/main.ts", ["--live", ...args], { cwd: folder, env });
  };
  return {
    ...ground,
    live,
    deploy: async (...edits) => {
      await deploy(ground, anyValue, ...edits);
    },
    report: async (options = {}) => {
      const { code, stdout, stderr } = await live({ ...options, args: ["--json"] });
      if (stdout === "") throw new Error(`no report: ${stderr}`);
      return { code, ...(JSON.parse(stdout) as LiveReport) };
    },
    tokenWith: async (policy) => {
      await vault.write(`sys/policies/acl/${testPolicy}`, { policy });
      const made = await vault.write("auth/token/create", {
        policies: [testPolicy],
        no_default_policy: true,
        ttl: "10m",
      });
      return String(made.auth?.client_token);
    },
    close: async () => {
      await vault.delete(`sys/policies/acl/${testPolicy}`);
      await vault.close();
      await rm(folder, { recursive: true });
    },
  };
}
