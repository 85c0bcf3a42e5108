import Table from "cli-table3";
import { rotateCommand } from "./command-line.ts";
import type { KeyStatus, PreviousKey } from "./status.ts";

/** What `status` says to a person. */
export function statusText(keys: readonly KeyStatus[], stack: string, unseen: string | undefined): string {
  const table = plainTable([
    "key",
    "generation",
    "current since",
    "next run",
    "previous until",
    "state",
    "last failure",
  ]);
  for (const key of keys) {
    table.push([
      `${key.key}\n(${key.provider})`,
      key.generation ?? "-",
      key.current === null ? "-" : timeText(key.current.since),
      nextRunText(key),
      key.previous.map(previousText).join("\n") || "-",
      stateLines(key, stack).join("\n"),
      key.failures.map(failureText).join("\n") || "-",
    ]);
  }
  return [
    table.toString(),
    ...(unseen === undefined ? [] : [`Not seen: CronJobs and Jobs (${unseen}). What Vault says is above.`]),
  ].join("\n");
}

/** The state in a few words, the most urgent first. */
export function stateLines(key: KeyStatus, stack: string): readonly string[] {
  return [
    ...(key.overdueSince === null ? [] : [`OVERDUE since ${timeText(key.overdueSince)}`]),
    ...(key.running === null ? [] : [`running: ${key.running}`]),
    standingText(key, stack),
    ...(key.orphans === 0 ? [] : [`${key.orphans} orphan(s), removed by the next run`]),
  ];
}

function standingText({ standing, phase, staged, key }: KeyStatus, stack: string): string {
  switch (standing) {
    case "unused":
      return "never rotated";
    case "supplied":
      return "a key is put and waits for a run";
    case "unreported":
      return `a run is under way, or was cut off: if none runs, ${rotateCommand("now", key, stack)} ends it`;
    case "reported":
      return phase === "idle"
        ? "idle"
        : `stopped while ${phase}${staged === null ? "" : ` (${staged})`}: the next run goes on`;
  }
}

function nextRunText({ nextRun, timeZone }: KeyStatus): string {
  if (nextRun === null) return "-";
  const local = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" });
  return `${local.format(new Date(nextRun))}\n${timeZone}`;
}

function previousText({ name, revokeAfter, byHand }: PreviousKey): string {
  const until = revokeAfter === null ? "its successor is live" : timeText(revokeAfter);
  return [until, ...(name === null ? ["(from before)"] : []), ...(byHand ? ["archive it by hand"] : [])].join(
    "\n",
  );
}

function failureText({ command, at, text, job }: KeyStatus["failures"][number]): string {
  const from = [job, at === null ? undefined : timeText(at)].filter(
    (part) => part !== undefined && part !== null,
  );
  return wrapped(`${command}${from.length === 0 ? "" : ` (${from.join(", ")})`}: ${text}`);
}

/** Lines of a cell that a table on a usual screen has room for. */
export function wrapped(text: string): string {
  return text.replaceAll(/(.{1,56})(?:\s+|$)/g, "$1\n").trimEnd();
}

/** Without fractions of seconds. */
export function timeText(time: string): string {
  return time.replace(/\.\d+Z$/, "Z");
}

export function plainTable(head: string[]) {
  return new Table({ head, style: { head: [], border: [] } });
}
