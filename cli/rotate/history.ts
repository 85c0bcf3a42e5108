import type { Row } from "../../audit/entry/access.ts";
import type { RotationKey } from "../../config/rotation-settings.ts";
import type { VersionState } from "../../freshness/kv-metadata.ts";
import { generationOf } from "../../jobs/rotator/providers/provider.ts";
import type { RotationReport } from "../../jobs/rotator/report.ts";
import { whoText } from "../audit/output/text.ts";
import type { Slots } from "./slots.ts";
import { plainTable, timeText } from "./text.ts";

/** A write that Vault's audit log has. */
export interface LoggedWrite {
  readonly who: string;
  readonly request: string;
}

/** One key, or one version that no rotation wrote, as `history --json` gives it. Times are RFC 3339. */
export interface HistoryRow {
  readonly at: string;
  /** Name at the provider; null for a version that somebody else wrote. */
  readonly name: string | null;
  readonly generation: number | null;
  readonly what: "promoted" | "refused" | "removed unused" | "left to archive by hand" | "written by others";
  /** Version of what consumers read; null where it had none, or KV keeps it no longer. */
  readonly version: number | null;
  readonly job: string | null;
  /** Only with an audit log. */
  readonly writtenBy: LoggedWrite | null;
  /** What became of it: revoked, or left to a person. */
  readonly ended: { readonly at: string; readonly what: "revoked" | "left" } | null;
}

/**
 * A key's past, the oldest first: what the rotator remembers (its newest forty steps) beside the versions that KV keeps.
 * @param writes by version of what consumers read
 */
export function historyOf(
  { namePrefix }: RotationKey,
  { live, report }: Slots,
  writes: ReadonlyMap<number, LoggedWrite> = new Map(),
): readonly HistoryRow[] {
  const steps = report?.history ?? [];
  const promotions = steps.filter(({ what }) => what === "promoted");
  const rows = [
    ...promotions.map((step) => keyRow(step, steps, live.versions, namePrefix)),
    ...steps.flatMap((step) => otherRow(step, promotions, namePrefix)),
    ...live.versions
      .filter(({ createdTime }) => !promotions.some(({ at }) => at === createdTime))
      .map(foreignRow),
  ];
  return rows
    .map((row) => ({
      ...row,
      writtenBy: (row.version === null ? undefined : writes.get(row.version)) ?? null,
    }))
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** Writes of what consumers read, by version, of an audit log's rows. */
export function writesOf({ live }: RotationKey, rows: readonly Row[]): ReadonlyMap<number, LoggedWrite> {
  const path = `${live.mount}/data/${live.path}`;
  return new Map(
    rows.flatMap((row) =>
      row.path === path && row.outcome === "allowed" && row.version !== undefined
        ? [[row.version, { who: whoText(row), request: row.id }] as const]
        : [],
    ),
  );
}

export function historyText(rows: readonly HistoryRow[]): string {
  if (rows.length === 0) return "Nothing has happened to this key yet.";
  const table = plainTable(["when", "what", "key", "version", "by", "ended"]);
  for (const row of rows) {
    table.push([
      timeText(row.at),
      row.what,
      row.name ?? "-",
      row.version ?? "-",
      byText(row),
      row.ended === null ? "-" : `${row.ended.what} ${timeText(row.ended.at)}`,
    ]);
  }
  return table.toString();
}

type Step = RotationReport["history"][number];
type Unwritten = Omit<HistoryRow, "writtenBy">;

function keyRow(
  step: Step,
  steps: readonly Step[],
  versions: readonly VersionState[],
  prefix: string,
): Unwritten {
  const end = steps.find(({ name, what }) => name === step.name && (what === "revoked" || what === "left"));
  return {
    ...{ at: step.at, name: step.name, generation: generationIn(step.name, prefix), what: "promoted" },
    version: versions.find(({ createdTime }) => createdTime === step.at)?.version ?? null,
    job: step.job ?? null,
    ended: end === undefined ? null : { at: end.at, what: end.what as "revoked" | "left" },
  };
}

/** What became of a key that no rotation promoted. */
function otherRow({ at, what, name }: Step, promoted: readonly Step[], prefix: string): readonly Unwritten[] {
  const said = OTHERS[what];
  if (said === undefined || (what === "left" && promoted.some((one) => one.name === name))) return [];
  const rest = { version: null, job: null, ended: null };
  return [{ at, name, generation: generationIn(name, prefix), what: said, ...rest }];
}

const OTHERS: Readonly<Partial<Record<Step["what"], HistoryRow["what"]>>> = {
  refused: "refused",
  swept: "removed unused",
  left: "left to archive by hand",
};

function foreignRow({ version, createdTime }: VersionState): Unwritten {
  return {
    ...{ at: createdTime, name: null, generation: null, what: "written by others" },
    ...{ version, job: null, ended: null },
  };
}

function generationIn(name: string, prefix: string): number | null {
  return generationOf(prefix, name) ?? null;
}

function byText({ job, writtenBy }: HistoryRow): string {
  const logged = writtenBy === null ? [] : [writtenBy.who, `request ${writtenBy.request}`];
  return [...(job === null ? [] : [job]), ...logged].join("\n") || "-";
}
