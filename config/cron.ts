import { Cron } from "croner";
import { nearest } from "./problems.ts";

/** What each of the five fields may hold, in Kubernetes' words and bounds. */
const FIELDS = [
  { name: "minute", least: 0, most: 59, names: [] },
  { name: "hour", least: 0, most: 23, names: [] },
  { name: "day of month", least: 1, most: 31, names: [] },
  { name: "month", least: 1, most: 12, names: "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ") },
  { name: "day of week", least: 0, most: 6, names: "SUN MON TUE WED THU FRI SAT".split(" ") },
] as const;

type Field = (typeof FIELDS)[number];

export const CRON_FORM =
  "five fields (minute 0-59, hour 0-23, day of month 1-31, month 1-12 or JAN-DEC, day of week 0-6 or SUN-SAT), each *, a " +
  "value, a range a-b, a step */n or a-b/n, or a list of these; no @daily, no seconds, no L, W, # or ?";

/**
 * Whether a text is a schedule that Kubernetes and croner read alike. Kubernetes knows more forms than it documents, and
 * croner others; what only one of them takes, or each in its own way, is left out.
 */
export function isCron(text: string): boolean {
  const parts = text.split(" ");
  return parts.length === FIELDS.length && FIELDS.every((field, index) => isField(parts[index] ?? "", field));
}

function isField(text: string, field: Field): boolean {
  return text.split(",").every((item) => {
    const [range = "", step, ...more] = item.split("/");
    if (more.length > 0) return false;
    if (step !== undefined && (!/^[1-9]\d?$/.test(step) || !/[*-]/.test(range))) return false;
    if (range === "*") return true;
    const ends = range.split("-").map((end) => numberOf(end, field));
    const [first = Number.NaN, last = first] = ends;
    return ends.length <= 2 && first >= field.least && last <= field.most && first <= last;
  });
}

function numberOf(text: string, { names, least }: Field): number {
  const named = (names as readonly string[]).indexOf(text.toUpperCase());
  if (named >= 0) return named + least;
  return /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
}

/** Begins the two years that are looked at: a leap year, so that its 29 February counts. */
const FROM = new Date("2024-01-01T00:00:00Z");
const UNTIL = new Date("2026-01-01T00:00:00Z");
const MOST_RUNS = 500;

/** How often a schedule fires, of its runs in two years (the first 500 of them), its zone's changes of the clock included. */
export interface Cadence {
  /** The next run after any moment exists. */
  readonly fires: boolean;
  /** Infinite where there are not two runs to compare. */
  readonly shortestGapMs: number;
  readonly longestGapMs: number;
}

export function cadence(schedule: string, timeZone: string): Cadence {
  const runs = runsOf(schedule, timeZone);
  const gaps = gapsOf(runs);
  return { fires: runs.length > 0, shortestGapMs: Math.min(...gaps), longestGapMs: Math.max(...gaps) };
}

/** How two schedules stand to each other, of the same runs. */
export interface Interleaving {
  /** Between two runs of the one there is always one of the other. */
  readonly takeTurns: boolean;
  /** Between any run and the next, whichever schedule's. */
  readonly shortestGapMs: number;
}

export function interleaving(one: string, other: string, timeZone: string): Interleaving {
  const [first, second] = [runsOf(one, timeZone), runsOf(other, timeZone)];
  const until = Math.min(...[first, second].map((runs) => runs.at(-1)?.getTime() ?? 0));
  const runs = [
    ...first.map((run) => ({ schedule: one, run })),
    ...second.map((run) => ({ schedule: other, run })),
  ]
    .filter(({ run }) => run.getTime() <= until)
    .sort((a, b) => a.run.getTime() - b.run.getTime());
  return {
    takeTurns: runs.every(({ schedule }, index) => schedule !== runs[index + 1]?.schedule),
    shortestGapMs: Math.min(...gapsOf(runs.map(({ run }) => run))),
  };
}

function runsOf(schedule: string, timeZone: string): readonly Date[] {
  const cron = new Cron(schedule, { timezone: timeZone, mode: "5-part", paused: true });
  const runs: Date[] = [];
  let run = cron.nextRun(FROM);
  while (run !== null && runs.length < MOST_RUNS && (run < UNTIL || runs.length < 2)) {
    runs.push(run);
    run = cron.nextRun(run);
  }
  return runs;
}

function gapsOf(runs: readonly Date[]): readonly number[] {
  return runs.slice(1).map((later, index) => later.getTime() - (runs[index]?.getTime() ?? 0));
}

/** The first run after `now`; `undefined` when there is none. */
export function nextRun(schedule: string, timeZone: string, now: Date): Date | undefined {
  const cron = new Cron(schedule, { timezone: timeZone, mode: "5-part", paused: true });
  return cron.nextRun(now) ?? undefined;
}

/**
 * Whether a text is a name of the IANA database as Kubernetes takes it: in its own case, and no offset such as `+02:00`,
 * both of which JavaScript would take.
 */
export function isTimeZone(text: string): boolean {
  if (!/^[A-Z][\w+-]*(\/[A-Z][\w+-]*)*$/.test(text)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
  } catch {
    return false;
  }
  const known = zones().find((zone) => zone.toLowerCase() === text.toLowerCase());
  return known === undefined || known === text;
}

/** The time zone that was probably meant. */
export function nearestTimeZone(text: string): string | undefined {
  return nearest(text, ["Etc/UTC", ...zones()]);
}

function zones(): readonly string[] {
  return Intl.supportedValuesOf("timeZone");
}
