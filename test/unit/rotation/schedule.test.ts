import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finishSchedule, spreadSchedule } from "../../../components/rotation/schedule.ts";
import { cadence, isCron } from "../../../config/cron.ts";

const keyName = fc.stringMatching(/^[a-z]([-a-z0-9]{0,20}[a-z0-9])?$/);
const minuteOf = (schedule: string) => Number(schedule.split(" ")[0]);
const restOf = (schedule: string) => schedule.split(" ").slice(1).join(" ");

/** How many keys the busiest minute has. */
function busiest(names: readonly string[], minute: number): number {
  const starts = Map.groupBy(names, (name) => spreadSchedule(`${minute} 3 * * 1`, name));
  return Math.max(...[...starts.values()].map((one) => one.length));
}

describe("spreadSchedule", () => {
  it("moves a start within its hour, by half an hour at most, and nothing else", () => {
    fc.assert(
      fc.property(keyName, fc.integer({ min: 0, max: 59 }), (name, minute) => {
        const moved = spreadSchedule(`${minute} 3 * * 1`, name);
        expect(isCron(moved)).toBe(true);
        expect(restOf(moved)).toBe("3 * * 1");
        expect(Math.abs(minuteOf(moved) - minute)).toBeLessThanOrEqual(30);
        expect(minuteOf(moved)).toBeLessThanOrEqual(59);
        expect(spreadSchedule(`${minute} 3 * * 1`, name)).toBe(moved);
      }),
    );
  });

  it("moves a start later where its hour has the room", () => {
    fc.assert(
      fc.property(keyName, fc.integer({ min: 0, max: 29 }), (name, minute) => {
        expect(minuteOf(spreadSchedule(`${minute} 3 * * 1`, name))).toBeGreaterThanOrEqual(minute);
      }),
    );
  });

  it("does not let a hundred keys of one schedule start in one minute, whichever it is", () => {
    const names = fc.uniqueArray(keyName, { minLength: 100, maxLength: 100 });
    fc.assert(
      fc.property(names, fc.integer({ min: 0, max: 59 }), (all, minute) => {
        expect(busiest(all, minute)).toBeLessThanOrEqual(20);
      }),
    );
  });

  it.each(Array.from({ length: 60 }, (_, minute) => minute))(
    "spreads a hundred numbered keys of minute %i over most of half an hour, ten at most in one",
    (minute) => {
      const names = Array.from({ length: 100 }, (_, index) => `openai-${index}`);
      const starts = new Set(names.map((name) => spreadSchedule(`${minute} 3 * * 1`, name)));
      expect(starts.size).toBeGreaterThan(25);
      expect(busiest(names, minute)).toBeLessThanOrEqual(10);
    },
  );

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
