import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { type EngineEvent, LocalWorkspace, type Stack } from "@pulumi/pulumi/automation/index.js";
import type { Finding, Looked } from "../finding.ts";
import { errorOf, findingOf, isLookedAt } from "./events.ts";

/** What the engine's own part of a result is called. */
export const ENGINE = "Pulumi's state";

/** Whether there is a Pulumi CLI on PATH. */
export async function hasPulumi(path: string): Promise<boolean> {
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  const found = await Promise.allSettled(
    folders.map((folder) => access(join(folder, "pulumi"), constants.X_OK)),
  );
  return found.some(({ status }) => status === "fulfilled");
}

/**
 * The stack in the working directory's project, where the CLI's backend has it.
 * @param name as `pulumi stack select` takes it
 * @throws Error in the CLI's own words
 */
export async function selectStack(name: string): Promise<Stack> {
  try {
    return await LocalWorkspace.selectStack({ workDir: process.cwd(), stackName: name });
  } catch (error) {
    throw new Error(`Pulumi has no stack ${name} to compare with: ${cliMessage(error)}`, { cause: error });
  }
}

/**
 * What a preview that looks at the servers first (`pulumi preview --refresh`) would change. Changes nothing, the state
 * included.
 */
export async function lookByEngine(stack: Stack, report: (line: string) => void): Promise<Looked> {
  const [findings, errors]: [Finding[], string[]] = [[], []];
  let looked = 0;
  const onEvent = (event: EngineEvent) => {
    const [finding, error] = [findingOf(event), errorOf(event)];
    if (finding !== undefined) findings.push(finding);
    if (error !== undefined && error !== "preview failed") errors.push(error);
    if (isLookedAt(event)) looked += 1;
    report(`${looked} resources by Pulumi's engine`);
  };
  try {
    await stack.preview({ refresh: true, onEvent, color: "never" });
    return { seen: { [ENGINE]: looked }, findings, unseen: [] };
  } catch (error) {
    const why = errors.length > 0 ? errors.join("\n    ") : cliMessage(error);
    return { seen: {}, findings, unseen: [{ what: `${ENGINE}: everything`, why, failed: true }] };
  }
}

/** What the CLI wrote to standard error; its own dump of the failed command adds the whole of its standard output. */
function cliMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /stderr: ([\s\S]*?)(?:\n\s*err\??: |$)/.exec(message)?.[1]?.trim() || message;
}
