import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { PROJECT } from "../../config/stack-file.ts";
import { COMPILED } from "../../sandbox/engine/credentials.ts";
import { projectFolder } from "../../sandbox/engine/declaration.ts";

/** What a command has answered; `code` is null when a signal ended it. */
export interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd: string;
  /** The whole environment, save where Node keeps compiled code: nothing of this process's is added. */
  readonly env: Readonly<Record<string, string>>;
  /** What stands on its standard input. @default nothing */
  readonly input?: string;
}

/**
 * Runs one of the project's commands as a person does, in a process of its own.
 * @param program its module, from the project's folder, e.g. `cli/audit/main.ts`
 */
export function runCommand(
  program: string,
  args: readonly string[],
  { cwd, env, input = "" }: CommandOptions,
): Promise<Answer> {
  const child = spawn(process.execPath, [join(projectFolder, program), ...args], {
    cwd,
    env: { NODE_COMPILE_CACHE: COMPILED, ...env },
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

/** Writes a declaration as the dev stack's file of a project folder. */
export async function writeDevStack(
  folder: string,
  declaration: Readonly<Record<string, unknown>>,
): Promise<void> {
  const config = Object.entries(declaration).map(([name, value]) => [`${PROJECT}:${name}`, value]);
  await writeFile(join(folder, "Pulumi.dev.yaml"), stringify({ config: Object.fromEntries(config) }));
}
