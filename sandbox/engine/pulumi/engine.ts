import type { EngineEvent, OutputMap, Stack } from "@pulumi/pulumi/automation/index.js";
import {
  type Change,
  type ChangeCounts,
  type Engine,
  EngineError,
  type StackInput,
  type UpResult,
} from "../engine.ts";
import { requireStackOnLoopback } from "../loopback.ts";
import { changeOf, countsOf, errorOf, violationOf, warningOf } from "./events.ts";
import { openStack } from "./workspace.ts";

export interface PreviewResult {
  readonly changes: ChangeCounts;
  /** What `up` would do, resource by resource; what stays as it is included. */
  readonly planned: readonly Change[];
}

export interface PolicyOptions {
  /** Folders of the policy packs to run under, absolute. A violation is an error, with its message. */
  readonly policyPacks?: readonly string[];
}

/**
 * What Pulumi's engine can do beyond `up`. Each throws EngineError with the engine's own messages. What changes nothing
 * runs as the previewer, the rest as the deployer.
 */
export interface PulumiEngine extends Engine {
  up(stack: StackInput, options?: PolicyOptions): Promise<UpResult>;
  /** With `refresh`, the real servers are compared as well; with `expectNoChanges`, any planned change is an error. */
  preview(
    stack: StackInput,
    options?: PolicyOptions & { readonly refresh?: boolean; readonly expectNoChanges?: boolean },
  ): Promise<PreviewResult>;
  /** Takes over into the state what the servers have. With `previewOnly`, only tells; changes are then an error if none are expected. */
  refresh(
    stack: StackInput,
    options?: { readonly previewOnly?: boolean; readonly expectNoChanges?: boolean },
  ): Promise<void>;
  destroy(stack: StackInput): Promise<void>;
  /** The state as `pulumi stack export --show-secrets` gives it. */
  exportState(stack: StackInput): Promise<string>;
}

export function pulumiEngine(reason: string, projectFolder: string): PulumiEngine {
  const runAs =
    (operator: "deployer" | "previewer") =>
    <T>(input: StackInput, work: Work<T>) =>
      withStack(input, (checked) => openStack(checked, projectFolder, operator), work);
  const run = runAs("deployer");
  const look = runAs("previewer");
  return {
    name: "pulumi",
    description: `Engine: pulumi (${reason}), with a home, backend and stack files of the sandbox's own.`,
    up: (input, options = {}) =>
      run(input, async (stack, { onEvent, warnings }) => {
        const result = await stack.up({ ...packs(options), onEvent, color: "never" });
        return {
          changes: countsOf(result.summary.resourceChanges),
          outputs: plain(result.outputs),
          warnings,
        };
      }),
    preview: (input, options = {}) =>
      look(input, async (stack, { onEvent, planned }) => {
        const { changeSummary } = await stack.preview({
          ...options,
          ...packs(options),
          onEvent,
          color: "never",
        });
        return { changes: countsOf(changeSummary), planned };
      }),
    refresh: (input, options = {}) =>
      (options.previewOnly ? look : run)(input, async (stack, { onEvent }) => {
        await stack.refresh({ ...options, onEvent, color: "never" });
      }),
    destroy: (input) =>
      run(input, async (stack, { onEvent }) => {
        await stack.destroy({ onEvent, color: "never" });
      }),
    exportState: (input) => run(input, async (stack) => JSON.stringify(await stack.exportStack())),
  };
}

function packs({ policyPacks = [] }: PolicyOptions): { readonly policyPacks: string[] } {
  return { policyPacks: [...policyPacks] };
}

interface Watch {
  readonly onEvent: (event: EngineEvent) => void;
  readonly warnings: string[];
  readonly planned: Change[];
}

type Work<T> = (stack: Stack, watch: Watch) => Promise<T>;

async function withStack<T>(
  input: StackInput,
  open: (input: StackInput) => Promise<Stack>,
  work: Work<T>,
): Promise<T> {
  requireStackOnLoopback(input);
  const [errors, warnings, planned]: [string[], string[], Change[]] = [[], [], []];
  const onEvent = (event: EngineEvent) => {
    errors.push(...present(errorOf(event)), ...present(violationOf(event)));
    warnings.push(...present(warningOf(event)));
    planned.push(...present(changeOf(event, "planned")));
    for (const change of present(changeOf(event, "done"))) input.onChange?.(change);
  };
  try {
    return await work(await open(input), { onEvent, warnings, planned });
  } catch (error) {
    const messages = errors.filter((text) => text !== "update failed" && text !== "preview failed");
    throw new EngineError(messages.length > 0 ? messages.join("\n") : cliMessage(error));
  }
}

function present<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value];
}

/** What the CLI wrote to standard error; its own dump of the failed command adds the whole of its standard output. */
function cliMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /stderr: ([\s\S]*?)(?:\n\s*err\??: |$)/.exec(message)?.[1]?.trim() || message;
}

function plain(outputs: OutputMap): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
}
