import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { neverWritten } from "../../../freshness/kv-metadata.ts";
import { judgeRotation, keySince } from "../../../freshness/rotation.ts";
import { readReport } from "../../../jobs/rotator/report.ts";

const MONDAYS = "0 3 * * 1";
const MONDAY = "2026-11-23T03:00:00.000Z";
const NEXT = "2026-11-30T03:00:00.000Z";
const judged = (since: string | undefined, now: string) =>
  judgeRotation(MONDAYS, "Etc/UTC", since, new Date(now));

describe("a rotated key's age", () => {
  it("is not overdue while its successor has an hour to come", () => {
    expect(judged(MONDAY, "2026-11-30T04:00:00Z")).toEqual({ since: MONDAY, nextDue: NEXT });
  });

  it("is overdue after that, since the run that should have replaced it", () => {
    expect(judged(MONDAY, "2026-11-30T04:00:01Z")).toEqual({
      since: MONDAY,
      nextDue: NEXT,
      overdueSince: NEXT,
    });
  });

  it("says only when the next run is, where there is no key yet", () => {
    expect(judged(undefined, "2026-11-24T00:00:00Z")).toEqual({ nextDue: NEXT });
  });

  it("is overdue only after it was due, whatever the schedule", () => {
    const day = 86_400_000;
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 59 }),
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: 60 * day }),
        fc.integer({ min: 0, max: 60 * day }),
        (minute, hour, sinceMs, ageMs) => {
          const since = new Date(Date.parse(MONDAY) + sinceMs);
          const now = new Date(since.getTime() + ageMs);
          const { nextDue = "", overdueSince } = judgeRotation(
            `${minute} ${hour} * * *`,
            "Etc/UTC",
            since.toISOString(),
            now,
          );
          expect(Date.parse(nextDue)).toBeGreaterThan(since.getTime());
          expect(Date.parse(nextDue) - since.getTime()).toBeLessThanOrEqual(day);
          expect(overdueSince !== undefined).toBe(now.getTime() - Date.parse(nextDue) > 3_600_000);
        },
      ),
    );
  });
});

describe("since when a key is", () => {
  const live = {
    mounted: true,
    currentVersion: 1,
    versions: [{ version: 1, createdTime: MONDAY, readable: true }],
    custom: {},
  };
  const report = readReport({
    state: JSON.stringify({ version: 3, generation: 1, phase: "idle", doomed: 0 }),
    current: JSON.stringify({ version: 1, promotedAt: NEXT }),
  });

  it("is what the rotation reported", () => {
    expect(keySince(report, live, undefined)).toBe(NEXT);
  });

  it("is when the value was written, where no rotation has run, but not before it was declared", () => {
    expect(keySince(undefined, live, undefined)).toBe(MONDAY);
    expect(keySince(undefined, live, "2026-11-20T00:00:00Z")).toBe(MONDAY);
    expect(keySince(undefined, live, "2026-11-25T00:00:00Z")).toBe("2026-11-25T00:00:00Z");
  });

  it("is unknown where there is no value", () => {
    expect(keySince(undefined, neverWritten({ mounted: true }), "2026-11-25T00:00:00Z")).toBeUndefined();
  });
});
