import { homedir } from "node:os";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { withVault } from "../../clients/vault.ts";
import { readinessApi } from "../../components/external-secrets/readiness-api.ts";
import { progress } from "../access/progress.ts";
import { vaultConnection } from "../connection.ts";
import { kubeConfigFor } from "../kube-config.ts";
import { stackSettings } from "../stack.ts";
import { lookDirectly } from "./direct.ts";
import { hasPulumi, lookByEngine, selectStack } from "./engine/engine.ts";
import { type Looked, merged } from "./finding.ts";
import { nudge } from "./nudge.ts";
import { nudgeText } from "./nudge-text.ts";
import { driftText } from "./text.ts";

/** Exit code when something has drifted; 1 is kept for what could not be looked at. */
export const DRIFTED = 2;

export interface DriftOptions {
  /** As Pulumi takes it: `dev`, or `organisation/dev`. */
  readonly stack: string;
  readonly engine?: true;
  readonly direct?: true;
  readonly context?: string;
  readonly json?: true;
}

export interface NudgeCommandOptions extends Pick<DriftOptions, "stack" | "context" | "json"> {
  readonly plan?: true;
}

/**
 * Has ESO refresh what is not ready, late or behind Vault, or with `plan` says what that is.
 * @returns 0 when nothing is any more, {@link DRIFTED} when something is that was only planned, 1 when something was
 * refused, is not synced, or is not known
 */
export async function refreshLagging(options: NudgeCommandOptions): Promise<number> {
  const report = progress("drift");
  const settings = await stackSettings(fileOf(options.stack));
  const context = options.context ?? settings.kubernetes.context;
  kubeConfigFor(context, "--context"); // says what is wrong with it
  const api = readinessApi(context, settings.environment);
  const connection = await vaultConnection(settings.vault, process.env, homedir());
  const result = await withVault(connection, (vault) =>
    nudge({ settings, vault, api, plan: options.plan === true, report }),
  );
  console.log(
    options.json
      ? JSON.stringify({ stack: options.stack, ...result }, null, 2)
      : nudgeText(result, options.stack),
  );
  const failed = result.nudged.some(({ outcome }) => outcome === "refused" || outcome === "not synced yet");
  if (failed || result.unknown.length > 0) return 1;
  return options.plan && result.nudged.length > 0 ? DRIFTED : 0;
}

/** Looks for drift and prints it. @returns 0 none, {@link DRIFTED}, or 1 when not all could be looked at */
export async function drift(options: DriftOptions): Promise<number> {
  const report = progress("drift");
  const looked = await look(options, report);
  console.log(
    options.json
      ? JSON.stringify({ stack: options.stack, ...looked }, null, 2)
      : driftText(looked, options.stack),
  );
  if (looked.unseen.some(({ failed }) => failed)) return 1;
  return looked.findings.length === 0 ? 0 : DRIFTED;
}

async function look(options: DriftOptions, report: (line: string) => void): Promise<Looked> {
  const settings = await stackSettings(fileOf(options.stack));
  const direct = () =>
    lookDirectly({ settings, context: options.context ?? settings.kubernetes.context, report });
  if (options.direct) return direct();
  const stack = await engineStack(options);
  if (stack === undefined) return direct();
  const byEngine = await lookByEngine(stack, report);
  return options.engine ? byEngine : merged(byEngine, await direct());
}

/** The stack for Pulumi's engine; `undefined` where there is no CLI, and none is asked for. */
async function engineStack({ stack, engine }: DriftOptions): Promise<Stack | undefined> {
  const there = await hasPulumi(process.env.PATH ?? "");
  if (!there && engine) {
    throw new Error("--engine: there is no pulumi on PATH. Install it, or leave the option out.");
  }
  if (!there) return undefined;
  try {
    return await selectStack(stack);
  } catch (error) {
    if (engine) throw error;
    console.error(`${(error as Error).message}\nReading back directly alone.`);
    return undefined;
  }
}

/** The name in the file's: Pulumi's organisation does not stand there. */
function fileOf(stack: string): string {
  return stack.split("/").at(-1) ?? stack;
}
