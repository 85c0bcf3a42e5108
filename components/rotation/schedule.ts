import { createHash } from "node:crypto";

/** The furthest that a start is moved, in minutes. */
const WIDEST_SPREAD = 30;

/**
 * A key's schedule with its start moved by some minutes that the key's name decides, so that keys declared for one minute do
 * not all rotate in it. Only a minute field that is one number is moved, and never out of its hour: a late one has no room
 * behind it, so that its keys start in the hour's last half.
 */
export function spreadSchedule(schedule: string, name: string): string {
  const [minute = "", ...rest] = schedule.split(" ");
  if (!/^\d+$/.test(minute)) return schedule;
  const earliest = Math.min(Number(minute), 59 - WIDEST_SPREAD);
  return [earliest + spread(`rotate ${name}`, WIDEST_SPREAD + 1), ...rest].join(" ");
}

/** When a key's previous one is looked at: every hour where the overlap is shorter than a day, else every six. */
export function finishSchedule(overlapSeconds: number, name: string): string {
  const minute = spread(`finish ${name}`, 60);
  return overlapSeconds < 24 * 3_600 ? `${minute} * * * *` : `${minute} */6 * * *`;
}

/** A number below `bound` that a text decides, about as often each. */
function spread(text: string, bound: number): number {
  return createHash("sha256").update(text).digest().readUInt32BE() % bound;
}
