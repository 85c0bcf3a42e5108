import { nextRun } from "../config/cron.ts";
import type { RotationReport } from "../jobs/rotator/report.ts";
import { currentReadable, type SecretState } from "./kv-metadata.ts";

/** How long a rotation that began on time may take before its key is overdue. */
const GRACE_MS = 3_600_000;

/** How old a rotated key is. Times are RFC 3339. */
export interface RotationJudgement {
  /** When the current key came; absent where there is none. */
  readonly since?: string;
  /** The first run after it came, or from now on where there is none; absent where the schedule has no more. */
  readonly nextDue?: string;
  /** The run that should have replaced it and did not. */
  readonly overdueSince?: string;
}

/** @param schedule as the CronJob has it: see `spreadSchedule` */
export function judgeRotation(
  schedule: string,
  timeZone: string,
  since: string | undefined,
  now: Date,
): RotationJudgement {
  const due = nextRun(schedule, timeZone, since === undefined ? now : new Date(since))?.toISOString();
  const overdue = overdueSince(schedule, timeZone, since, now);
  return {
    ...(since === undefined ? {} : { since }),
    ...(due === undefined ? {} : { nextDue: due }),
    ...(overdue === null ? {} : { overdueSince: overdue }),
  };
}

/**
 * When the key that consumers read came: as the rotation reported it, else when the value was written, though a rotation that
 * was declared later has not missed what was before it.
 * @param declaredAt when its CronJob was made, where that is known
 */
export function keySince(
  report: RotationReport | undefined,
  live: SecretState,
  declaredAt: string | undefined,
): string | undefined {
  return report?.current?.promotedAt ?? later(currentReadable(live)?.createdTime, declaredAt);
}

/** The first run after the key came, when that is longer ago than a rotation takes. */
export function overdueSince(
  schedule: string,
  timeZone: string,
  since: string | undefined,
  now: Date,
): string | null {
  if (since === undefined) return null;
  const due = nextRun(schedule, timeZone, new Date(since));
  return due !== undefined && now.getTime() - due.getTime() > GRACE_MS ? due.toISOString() : null;
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a;
  return Date.parse(a) > Date.parse(b) ? a : b;
}
