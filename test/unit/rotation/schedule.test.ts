import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finishSchedule, spreadSchedule } from "../../../components/rotation/schedule.ts";
import { cadence, isCron } from "../../../config/cron.ts";

const keyName = fc.stringMatching(/^[a-z]([-a-z0-9]{0,20}[a-z0-9])?$/);
const minuteOf = (schedule: string) => Number(schedule.split(" ")[0]);
const restOf = (schedule: string) => schedule.split(" ").slice(1).join(" ");

describe("spreadSchedule", () => {
  it("moves a start within its hour, by half an hour at most, and nothing else", () => {
    fc.assert(
      fc.property(keyName, fc.integer({ min: 0, max: 59 }), (name, minute) => {
        const moved = spreadSchedule(`${minute} 3 * * 1`, name);
        expect(isCron(moved)).toBe(true);
        expect(restOf(moved)).toBe("3 * * 1");
        expect(minuteOf(moved)).toBeGreaterThanOrEqual(minute);
        expect(minuteOf(moved)).toBeLessThanOrEqual(Math.min(59, minute + 30));
        expect(spreadSchedule(`${minute} 3 * * 1`, name)).toBe(moved);
      }),
    );
  });

  it("does not let a hundred keys of one schedule start in one minute", () => {
    fc.assert(
      fc.property(fc.uniqueArray(keyName, { minLength: 100, maxLength: 100 }), (names) => {
        const minutes = Map.groupBy(names, (name) => spreadSchedule("0 3 * * 1", name));
        expect(Math.max(...[...minutes.values()].map((one) => one.length))).toBeLessThanOrEqual(20);
      }),
    );
  });

  it("spreads numbered keys over most of the half hour", () => {
    const names = Array.from({ length: 100 }, (_, index) => `openai-${index}`);
    expect(new Set(names.map((name) => spreadSchedule("0 3 * * 1", name))).size).toBeGreaterThan(25);
  });

  it.each(["*/20 3 * * *", "0,30 3 * * *", "* * * * *", "5-7 3 * * *"])("leaves %s as it is", (schedule) => {
    fc.assert(fc.property(keyName, (name) => spreadSchedule(schedule, name) === schedule));
  });
});

describe("finishSchedule", () => {
  const hour = 3_600_000;

  it("fires every hour for a short overlap, every six hours for a long one", () => {
    fc.assert(
      fc.property(keyName, (name) => {
        expect(cadence(finishSchedule(86_399, name), "Etc/UTC").longestGapMs).toBe(hour);
        expect(cadence(finishSchedule(86_400, name), "Etc/UTC").longestGapMs).toBe(6 * hour);
      }),
      { numRuns: 10 },
    );
  });
});
