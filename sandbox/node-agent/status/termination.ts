import type { Container } from "../api/types.ts";

/** Limits of a message taken from the log. Source: Kubernetes, "Customizing the termination message". */
const LOG_MESSAGE_BYTES = 2048;
const LOG_MESSAGE_LINES = 80;
const FILE_MESSAGE_BYTES = 4096;
const SIGNAL_BASE = 128;

/** The exit code that Kubernetes shows: the process's own, or 128 + the signal's number. */
export function exitCode(code: number | null, signalNumber: number | undefined): number {
  return code ?? SIGNAL_BASE + (signalNumber ?? 0);
}

/** The message of an ended container: what it wrote itself, else its last log lines where the policy allows it. */
export function terminationMessage(
  policy: Container["terminationMessagePolicy"],
  exit: number,
  written: string,
  log: string,
): string | undefined {
  if (written !== "") return written.slice(0, FILE_MESSAGE_BYTES);
  if (policy !== "FallbackToLogsOnError" || exit === 0) return undefined;
  const lines = log.slice(-LOG_MESSAGE_BYTES).trimEnd().split("\n").slice(-LOG_MESSAGE_LINES);
  const text = lines.join("\n");
  return text === "" ? undefined : text;
}
