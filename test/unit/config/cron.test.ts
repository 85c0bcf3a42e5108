import { describe, expect, it } from "vitest";
import { cadence, isCron, isTimeZone, nextRun } from "../../../config/cron.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe("isCron", () => {
  it.each(["* * * * *", "0 3 * * 1", "59 23 31 12 6", "*/5 0-6/2 1,15 JAN-MAR sun", "0 0 29 2 *"])(
    "takes %s",
    (text) => {
      expect(isCron(text)).toBe(true);
    },
  );

  it.each([
    "",
    "0 3 * *",
    "0 3 * * 1 ",
    "0  3 * * 1",
    "@hourly",
    "0 24 * * *",
    "0 0 0 * *",
    "0 0 * 13 *",
    "0 0 * * 7",
    "? * * * *",
    "0 0 * * 1#2",
    "0 0 LW * *",
    "1/5 * * * *",
    "*/0 * * * *",
    "6-2 * * * *",
    "1-2-3 * * * *",
    ",1 * * * *",
    "TZ=UTC 0 3 * * 1",
  ])("refuses %j", (text) => {
    expect(isCron(text)).toBe(false);
  });
});

describe("cadence", () => {
  it.each([
    ["0 3 * * 1", "Etc/UTC", 7 * DAY, 7 * DAY],
    ["0 3 * * 1,3", "Etc/UTC", 2 * DAY, 5 * DAY],
    ["0 3 * * *", "Europe/Berlin", 23 * HOUR, 25 * HOUR],
    ["0 0 1 * *", "Etc/UTC", 28 * DAY, 31 * DAY],
    ["0 0 31 * *", "Etc/UTC", 31 * DAY, 61 * DAY],
    ["0 0 29 2 *", "Etc/UTC", 4 * 365 * DAY + DAY, 4 * 365 * DAY + DAY],
  ])("of %s in %s", (schedule, zone, shortestGapMs, longestGapMs) => {
    expect(cadence(schedule, zone)).toEqual({ fires: true, shortestGapMs, longestGapMs });
  });

  it("sees that a schedule never fires", () => {
    expect(cadence("0 0 31 4,6 *", "Etc/UTC").fires).toBe(false);
  });
});

it("gives the next run in its zone", () => {
  const now = new Date("2026-07-01T12:00:00Z");
  expect(nextRun("0 3 * * *", "Europe/Berlin", now)?.toISOString()).toBe("2026-07-02T01:00:00.000Z");
  expect(nextRun("0 0 31 4 *", "Etc/UTC", now)).toBeUndefined();
});

it.each([
  ["Etc/UTC", true],
  ["UTC", true],
  ["Europe/Berlin", true],
  ["America/Argentina/Buenos_Aires", true],
  ["Asia/Kolkata", true],
  ["Etc/GMT+3", true],
  ["europe/berlin", false],
  ["EUROPE/BERLIN", false],
  ["+02:00", false],
  ["Berlin", false],
  ["Local", false],
  ["", false],
])("isTimeZone(%j) is %s", (text, known) => {
  expect(isTimeZone(text)).toBe(known);
});
