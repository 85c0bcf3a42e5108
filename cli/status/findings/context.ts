import type { Settings } from "../../../config/schema.ts";
import { npmRun as npmRunFor } from "../../command-line.ts";
import type { Finding } from "../document.ts";

/** What findings name in their commands. */
export interface Context {
  readonly settings: Settings;
  readonly stack: string;
  /** Of the kubeconfig. */
  readonly kubeContext: string;
}

/** A section of the runbook, which is named like the alert. */
export function runbook({ settings }: Context, alert: string): string {
  return `${settings.monitoring.runbookUrl}#${alert.toLowerCase()}`;
}

export function kubectl({ kubeContext }: Context, ...args: readonly string[]): string {
  return ["kubectl", "--context", kubeContext, ...args].join(" ");
}

/** One of this project's commands, as a person types it for the stack. */
export function npmRun({ stack }: Context, command: string, ...args: readonly string[]): string {
  return npmRunFor(stack, command, ...args);
}

/** One that asks the cluster as well: with the context that this look was told, where that is not the stack's own. */
export function npmRunInCluster(context: Context, command: string, ...args: readonly string[]): string {
  const { settings, kubeContext } = context;
  const told = kubeContext === settings.kubernetes.context ? [] : ["--context", kubeContext];
  return npmRun(context, command, ...args, ...told);
}

const URGENCY: readonly Finding["severity"][] = ["critical", "warning"];

/** The most urgent first, otherwise as found. */
export function byUrgency(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => URGENCY.indexOf(a.severity) - URGENCY.indexOf(b.severity));
}
