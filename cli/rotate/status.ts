import { spreadSchedule } from "../../components/rotation/schedule.ts";
import { nextRun } from "../../config/cron.ts";
import { JOBS } from "../../config/rotation.ts";
import type { RotationKey } from "../../config/rotation-settings.ts";
import { keySince, overdueSince } from "../../freshness/rotation.ts";
import type { RotationReport } from "../../jobs/rotator/report.ts";
import type { Command } from "../../jobs/rotator/rotation.ts";
import type { CronJobFacts } from "./jobs.ts";
import type { Slots } from "./slots.ts";

export interface KeyFailure {
  readonly command: Command;
  /** RFC 3339; null where nobody says. */
  readonly at: string | null;
  readonly job: string | null;
  readonly text: string;
}

/** A key that was replaced and is still valid. */
export interface PreviousKey {
  readonly name: string | null;
  readonly revokeAfter: string | null;
  /** Whether the rotator cannot revoke it: it stays valid until a person archives it at the provider. */
  readonly byHand: boolean;
}

/** One declared key as `status --json` gives it. Times are RFC 3339. */
export interface KeyStatus {
  readonly key: string;
  readonly provider: string;
  /** Of the newest key that was meant to be made; null before the first rotation. */
  readonly generation: number | null;
  /** What consumers read, as far as the rotation knows. */
  readonly current: { readonly name: string | null; readonly version: number; readonly since: string } | null;
  readonly nextRun: string | null;
  readonly timeZone: string;
  readonly previous: readonly PreviousKey[];
  readonly standing: Slots["standing"];
  readonly phase: RotationReport["phase"] | null;
  /** A key that waits to be promoted. */
  readonly staged: string | null;
  /** Keys at the provider that nobody holds, and that the next run removes. */
  readonly orphans: number;
  /** The Job that runs now. */
  readonly running: string | null;
  /** The run that should have replaced the current key and did not. */
  readonly overdueSince: string | null;
  readonly failures: readonly KeyFailure[];
}

/** @param jobs by CronJob; absent where the cluster was not seen */
export function statusOf(
  key: RotationKey,
  slots: Slots,
  jobs: ReadonlyMap<string, CronJobFacts> | undefined,
  now: Date,
): KeyStatus {
  const { report, standing, live } = slots;
  const told = standing === "unused" ? undefined : report;
  const schedule = spreadSchedule(key.schedule, key.name);
  const current = told?.current;
  const cron = jobs?.get(`${JOBS.rotate}${key.name}`);
  const since = keySince(told, live, cron?.createdAt);
  return {
    key: key.name,
    provider: key.provider,
    generation: told?.generation ?? null,
    current:
      current === undefined
        ? null
        : { name: current.name ?? null, version: current.version, since: current.promotedAt },
    nextRun: nextRun(schedule, key.timeZone, now)?.toISOString() ?? null,
    timeZone: key.timeZone,
    previous: previousKeys(key, told),
    standing,
    phase: standing === "reported" ? (told?.phase ?? null) : null,
    staged: told?.staged ?? null,
    orphans: told?.doomed ?? 0,
    running: cron?.running ?? null,
    overdueSince: overdueSince(schedule, key.timeZone, since, now),
    failures: (["rotate", "finish"] as const).flatMap(
      (command) => failureOf(command, told, jobs?.get(`${JOBS[command]}${key.name}`)) ?? [],
    ),
  };
}

/** Of a report, and whether the rotator is going to revoke them. */
export function previousKeys(
  { providerSpec: provider }: Pick<RotationKey, "providerSpec">,
  report: RotationReport | undefined,
): readonly PreviousKey[] {
  const never = provider.kind === "manual" && provider.revoke === undefined;
  return (report?.previous ?? []).map(({ name, revokeAfter, byHand }) => ({
    name: name ?? null,
    revokeAfter: revokeAfter ?? null,
    byHand: never || byHand === true,
  }));
}

/** Whether somebody should look. */
export function needsAttention({ overdueSince: overdue, failures }: KeyStatus): boolean {
  return overdue !== null || failures.length > 0;
}

/** The rotator's own words where it could write them, and else what Kubernetes says of the Job. */
function failureOf(
  command: Command,
  report: RotationReport | undefined,
  cron: CronJobFacts | undefined,
): KeyFailure | undefined {
  const said = report?.failures[command];
  const failed = cron?.failed;
  if (said === undefined && failed === undefined) return undefined;
  return {
    command,
    at: said?.at ?? failed?.at ?? null,
    job: failed?.job ?? null,
    text: said?.text ?? failed?.reason ?? "",
  };
}
