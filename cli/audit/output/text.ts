import Table from "cli-table3";
import type { Row } from "../../../audit/entry/access.ts";
import type { LogReport } from "../log/source.ts";
import { plain } from "./plain.ts";
import type { Group, Tally } from "./tally.ts";

/** Rows that a person is shown one by one; `--json` has all. */
export const NEWEST_ROWS = 50;

/** Groups that a person is shown. */
const SHOWN_GROUPS = 200;

/** The answer for a person: who did what how often, then the newest rows, where `rows` has any. */
export function answerText(tally: Tally, newest: readonly Row[], noun: string): string {
  if (tally.rows === 0) return `No ${noun} in these logs.`;
  const hidden = tally.rows - newest.length;
  const rows =
    newest.length === 0
      ? []
      : [
          hidden > 0 ? `\nThe newest ${newest.length} (all ${tally.rows}: --json; fewer: --since):` : "",
          rowTable(newest),
        ];
  return [groupTable(tally), ...rows, summaryLine(tally, noun)].join("\n");
}

/** What was passed over, log by log; empty when nothing was. */
export function skippedText(logs: readonly LogReport[]): readonly string[] {
  return logs.flatMap(({ name, skipped, damage }) => [
    ...(skipped.torn > 0 ? [`${name}: ${tornText(skipped)}`] : []),
    ...(skipped.tooLong > 0
      ? [
          `${name}: ${skipped.tooLong} line(s) of more than 32 MiB skipped, the first is line ${skipped.firstTooLong}`,
        ]
      : []),
    ...(skipped.foreign > 0
      ? [`${name}: ${skipped.foreign} line(s) of other kinds skipped (a server's own log)`]
      : []),
    ...(damage === undefined ? [] : [`${name}: damaged, the rest of it is NOT in the answer (${damage})`]),
  ]);
}

function tornText({ torn, firstTorn, lastLineTorn }: LogReport["skipped"]): string {
  if (torn === 1) {
    return `1 torn line skipped: line ${firstTorn}${lastLineTorn ? ", the last: it may still be being written" : ""}`;
  }
  return `${torn} torn lines skipped, the first is line ${firstTorn}${lastLineTorn ? ", the last line is one" : ""}`;
}

export function summaryLine(tally: Tally, noun: string): string {
  const { denied, failed, unanswered } = tally.outcomes;
  const named = `${tally.rows} ${noun}${tally.rows === 1 ? "" : "s"} by ${tally.identitiesFull ? "more than " : ""}${tally.identities} ${tally.identities === 1 ? "identity" : "identities"}`;
  const parts = [
    `${named}, ${denied} denied`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(unanswered > 0 ? [`${unanswered} without an answer in the logs`] : []),
    ...(tally.unnamed > 0 ? [`${tally.unnamed} by nobody named`] : []),
  ];
  return `${parts.join(", ")}.`;
}

function groupTable(tally: Tally): string {
  const groups = tally.groups;
  const shown = groups.slice(-SHOWN_GROUPS);
  const table = plainTable(["who", "what", "outcome", "times", "first", "last", "notes"]);
  for (const group of shown) table.push(groupCells(group));
  const more = groups.length - shown.length;
  return [
    table.toString(),
    ...(more > 0 ? [`${more} more kinds of requests, with older last times: --json has all.`] : []),
    ...(tally.ungrouped > 0 ? [`${tally.ungrouped} requests of further kinds are counted below only.`] : []),
  ].join("\n");
}

function groupCells({ row, count, first, last }: Group): string[] {
  return [
    whoText(row),
    plain(`${row.operation} ${row.path}`),
    outcomeText(row),
    String(count),
    timeText(first),
    timeText(last),
    notesText(row),
  ];
}

function rowTable(rows: readonly Row[]): string {
  const table = plainTable(["time", "who", "what", "outcome", "from", "log", "request"]);
  for (const row of rows) {
    table.push([
      timeText(row.time),
      whoText(row),
      whatText(row),
      outcomeText(row),
      plain(row.remoteAddress ?? "-"),
      row.source,
      plain(row.id.slice(0, 8)),
    ]);
  }
  return table.toString();
}

export function whoText({ who: { name, role, impersonatedBy, kind, policies }, remoteAddress }: Row): string {
  if (kind === "nobody") return plain(`nobody named, from ${remoteAddress ?? "an unknown address"}`);
  const own = (policies ?? []).filter((policy) => policy !== "default");
  const by = kind === "operator" && own.length > 0 ? own.join(", ") : role;
  const more = [
    ...(by === undefined ? [] : [by]),
    ...(impersonatedBy === undefined ? [] : [`impersonated by ${impersonatedBy}`]),
  ];
  return plain(more.length === 0 ? name : `${name} (${more.join("; ")})`);
}

function whatText({ operation, path, version }: Row): string {
  return plain(`${operation} ${path}${version === undefined ? "" : ` v${version}`}`);
}

function outcomeText({ outcome, reason }: Row): string {
  return plain(reason === undefined || reason === outcome ? outcome : `${outcome}: ${reason}`);
}

function notesText({ notes, places }: Row): string {
  return plain([...notes, ...(places ?? []).map((place) => `at ${place}`)].join(", "));
}

/** To the second, in the log's own time zone, which is UTC in both. */
function timeText(time: string): string {
  return plain(time.replace(/\.\d+/, ""));
}

function plainTable(head: string[]) {
  return new Table({ head, style: { head: [], border: [], compact: true } });
}
