import type { PassedOver } from "./locate.ts";
import type { ServerName } from "./servers.ts";

export type BuildProgress =
  | ({ readonly kind: "passed-over" } & PassedOver)
  | {
      readonly kind: "started" | "running" | "finished" | "failed";
      readonly server: ServerName;
      /** Which build this is, from 1. */
      readonly index: number;
      /** How many builds there are. */
      readonly total: number;
      /** Since this build started. */
      readonly elapsedMs: number;
    };

/** What a renderer writes to, e.g. `process.stderr`. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const plainIntervalMs = 30_000;
const clearLine = "\r\u001b[2K";

/**
 * Shows build progress: on a terminal one line that is written anew, elsewhere a line at the start and end of
 * each build and one every 30 s between them, so that a log shows it is alive.
 */
export function renderProgress(stream: ProgressStream): (event: BuildProgress) => void {
  return stream.isTTY ? terminalRenderer(stream) : plainRenderer(stream);
}

function terminalRenderer(stream: ProgressStream): (event: BuildProgress) => void {
  return (event) => {
    const lasting = event.kind !== "started" && event.kind !== "running";
    stream.write(`${clearLine}${describe(event)}${lasting ? "\n" : ""}`);
  };
}

function plainRenderer(stream: ProgressStream): (event: BuildProgress) => void {
  let nextMs = plainIntervalMs;
  return (event) => {
    if (event.kind === "started") nextMs = plainIntervalMs;
    if (event.kind === "running") {
      if (event.elapsedMs < nextMs) return;
      nextMs = event.elapsedMs + plainIntervalMs;
    }
    stream.write(`${describe(event)}\n`);
  };
}

function describe(event: BuildProgress): string {
  if (event.kind === "passed-over") return `not using ${event.path}: ${event.reason}`;
  const place = `[${event.index}/${event.total}]`;
  if (event.kind === "finished") return `${place} built ${event.server} in ${duration(event.elapsedMs)}`;
  if (event.kind === "failed")
    return `${place} building ${event.server} failed after ${duration(event.elapsedMs)}`;
  const remaining = event.total - event.index;
  const rest = remaining === 0 ? "the last one" : `${remaining} more after it`;
  return `${place} building ${event.server} from source, ${rest}, ${duration(event.elapsedMs)}`;
}

function duration(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  return seconds < 60
    ? `${seconds}s`
    : `${Math.floor(seconds / 60)}m ${String(seconds % 60).padStart(2, "0")}s`;
}
