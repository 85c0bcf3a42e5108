import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { type StatusDocument, statusDocument } from "../../../cli/status/document.ts";
import { readState } from "../../../sandbox/state.ts";
import { type Answer, runCommand } from "../command.ts";
import { useSandbox } from "../harness.ts";
import { Cluster } from "../main-job/cluster.ts";
import { type Person, type RotateGround, rotateGround } from "../rotate/ground.ts";

/** Nothing listens there, and nobody but root could. */
export const NOWHERE = "https://127.0.0.1:1";

export const auditor: Person = { vault: "auditor", kubernetes: "auditor" };

export interface Run {
  readonly person?: Person;
  /** In place of what the person's environment has. */
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

/** The dev stack with two rotated keys, really deployed, its nodes declared by name, and the command as a person runs it. */
export interface StatusGround {
  readonly rotations: RotateGround;
  status(args?: readonly string[], run?: Run): Promise<Answer>;
  /** What `--json` says, as its schema has it, with the exit code. */
  report(args?: readonly string[], run?: Run): Promise<StatusDocument & { readonly code: number | null }>;
  /** Everything that any run has printed. */
  printed(): string;
  close(): Promise<void>;
}

export async function statusGround(): Promise<StatusGround> {
  const { vault } = await useSandbox();
  const nodes = Object.fromEntries(vault.nodes.map(({ name, address }) => [name, address]));
  const rotations = await rotateGround({ monitoring: { vault: { nodes } } });
  let printed = "";
  const status = async (args: readonly string[] = [], { person = auditor, env, folder }: Run = {}) => {
    const answer = await runCommand("cli/status/main.ts", args, {
      cwd: folder ?? rotations.folder,
      env: { ...(await rotations.environment(person)), ...env },
    });
    printed += answer.stdout + answer.stderr;
    return answer;
  };
  return {
    rotations,
    status,
    report: async (args = [], run = {}) => {
      const { code, stdout, stderr } = await status([...args, "--json"], run);
      expect(stderr).toBe("");
      return { ...statusDocument.parse(JSON.parse(stdout)), code };
    },
    printed: () => printed,
    close: () => rotations.close(),
  };
}

const eventually = { timeout: 90_000, interval: 500 };

/** Looks until something is so, and gives what was seen then. */
export function untilReport(
  ground: StatusGround,
  check: (report: Awaited<ReturnType<StatusGround["report"]>>) => void,
): Promise<StatusDocument & { readonly code: number | null }> {
  return vi.waitFor(async () => {
    const report = await ground.report();
    check(report);
    return report;
  }, eventually);
}

/** Looks until all is well again. */
export async function untilWell(ground: StatusGround): Promise<void> {
  await untilReport(ground, ({ code, findings, unseen }) =>
    expect({ code, findings, unseen }).toEqual({ code: 0, findings: [], unseen: [] }),
  );
}

/** A kubeconfig like the auditor's, of an API server that is not there. */
export async function kubeconfigToNowhere(folder: string): Promise<string> {
  const { kubernetes } = await useSandbox();
  const file = join(folder, "nowhere.kubeconfig");
  const text = await readState(kubernetes.kubeconfigs.auditor);
  await writeFile(file, text.replaceAll(kubernetes.address, NOWHERE), { mode: 0o600 });
  return file;
}

/** Has ESO look at an object of a kind at once. */
export async function nudge(plural: "secretstores" | "externalsecrets", name: string): Promise<void> {
  await new Cluster(await useSandbox()).forceSync("llm", name, plural);
}
