import { describe, expect, it, test } from "vitest";
import type { CronJobFacts } from "../../../cli/rotate/jobs.ts";
import { needsAttention, statusOf } from "../../../cli/rotate/status.ts";
import { stateLines, statusText } from "../../../cli/rotate/text.ts";
import { spreadSchedule } from "../../../components/rotation/schedule.ts";
import { nextRun } from "../../../config/cron.ts";
import { overdueSince } from "../../../freshness/rotation.ts";
import { outcomeOf } from "../../../jobs/rotator/report.ts";
import { MONDAY, named, openai, rotated, slotsWith, unused } from "./keys.ts";

const tuesday = new Date("2026-11-24T01:00:00Z");
const cron = (facts: Partial<CronJobFacts>) =>
  new Map([["rotate-openai-llm", { createdAt: "2026-11-01T00:00:00Z", ...facts }]]);
const failed = { job: "rotate-openai-llm-9", at: "2026-11-23T02:20:00Z", reason: "BackoffLimitExceeded" };

describe("a key's status", () => {
  it("says what Vault's metadata and the schedule say, in numbers and RFC 3339", () => {
    expect(statusOf(openai, slotsWith(rotated), cron({}), tuesday)).toEqual({
      ...{ key: "openai-llm", provider: "openai", generation: 2 },
      current: { name: "llm-gateway-dev-openai-llm-2", version: 4, since: MONDAY },
      nextRun: expect.stringMatching(/^2026-11-30T02:\d\d:00.000Z$/),
      timeZone: "Europe/Berlin",
      previous: [
        { name: "llm-gateway-dev-openai-llm-1", revokeAfter: "2026-11-24T02:10:00Z", byHand: false },
      ],
      ...{ standing: "reported", phase: "idle", staged: null, orphans: 0, running: null },
      ...{ overdueSince: null, failures: [] },
    });
  });

  it("has the next run by the schedule as it is spread, in the key's own zone", () => {
    const { nextRun: next } = statusOf(openai, slotsWith(rotated), undefined, tuesday);
    const spread = spreadSchedule(openai.schedule, openai.name);
    expect(next).toBe(nextRun(spread, "Europe/Berlin", tuesday)?.toISOString());
    const text = statusText([statusOf(openai, slotsWith(rotated), undefined, tuesday)], "dev", undefined);
    expect(text).toMatch(/2026-11-30 03:\d\d/); // UTC 02:xx
  });

  it("knows no more than that a run is under way or was cut off, where the report is of an older version", () => {
    const slots = { ...slotsWith(rotated), standing: "unreported" as const };
    const status = statusOf(openai, slots, undefined, tuesday);
    expect(status).toMatchObject({ phase: null, generation: 2, standing: "unreported" });
    expect(stateLines(status, "prod")).toEqual([
      "a run is under way, or was cut off: if none runs, npm run rotate -- now openai-llm --stack prod ends it",
    ]);
  });

  it("tells a stopped run, its staged key and orphans", () => {
    const state = {
      ...rotated,
      phase: "staged" as const,
      staged: { name: "llm-gateway-dev-openai-llm-3", id: "user-3", value: "sk-x" },
      doomed: [{ name: "llm-gateway-dev-openai-llm-0", id: "user-0" }],
    };
    const status = statusOf(openai, slotsWith(state), cron({ running: "rotate-openai-llm-7" }), tuesday);
    expect(stateLines(status, "dev")).toEqual([
      "running: rotate-openai-llm-7",
      "stopped while staged (llm-gateway-dev-openai-llm-3): the next run goes on",
      "1 orphan(s), removed by the next run",
    ]);
    expect(JSON.stringify(status)).not.toContain("sk-x");
  });

  it("before the first rotation has nothing of it", () => {
    const status = statusOf(openai, unused, undefined, new Date("2026-11-01T01:00:00Z"));
    expect(status).toMatchObject({ generation: null, current: null, previous: [], standing: "unused" });
    expect(stateLines(status, "dev")).toEqual(["never rotated"]);
  });
});

describe("a failure", () => {
  const said = outcomeOf("rotate", new Date(MONDAY), { failure: "provider", text: "status 503" });

  it("is told in the rotator's words, with the Job", () => {
    const slots = slotsWith(rotated, said as Record<string, string>);
    expect(statusOf(openai, slots, cron({ failed }), tuesday).failures).toEqual([
      { command: "rotate", at: "2026-11-23T02:21:00.000Z", job: "rotate-openai-llm-9", text: "status 503" },
    ]);
  });

  it("is told in Kubernetes' words where the rotator never came to speak", () => {
    const { failures } = statusOf(openai, slotsWith(rotated), cron({ failed }), tuesday);
    expect(failures).toEqual([
      { command: "rotate", at: failed.at, job: failed.job, text: "BackoffLimitExceeded" },
    ]);
  });

  it("needs attention", () => {
    const status = statusOf(openai, slotsWith(rotated), cron({}), tuesday);
    expect(needsAttention(status)).toBe(false);
    expect(needsAttention(statusOf(openai, slotsWith(rotated), cron({ failed }), tuesday))).toBe(true);
    expect(needsAttention({ ...status, overdueSince: MONDAY })).toBe(true);
  });
});

describe("a key is overdue", () => {
  const weekly = "20 2 * * 1";
  const at = (time: string) => overdueSince(weekly, "Etc/UTC", MONDAY, new Date(time));

  test("an hour after the run that should have replaced it, and not before", () => {
    expect(at("2026-11-23T02:22:00Z")).toBeNull();
    expect(at("2026-11-30T03:20:00Z")).toBeNull();
    expect(at("2026-11-30T03:20:01Z")).toBe("2026-11-30T02:20:00.000Z");
    expect(at("2026-12-20T00:00:00Z")).toBe("2026-11-30T02:20:00.000Z");
  });

  test("not where nothing is to be replaced yet", () => {
    expect(overdueSince(weekly, "Etc/UTC", undefined, tuesday)).toBeNull();
  });

  test("from the CronJob's own first run on, where somebody put the key long before", () => {
    const late = new Date("2026-11-24T12:00:00Z");
    const { overdueSince: without } = statusOf(openai, unused, undefined, late);
    expect(without).toMatch(/^2026-11-02T02:/);
    const young = cron({ createdAt: "2026-11-24T00:00:00Z" });
    expect(statusOf(openai, unused, young, late).overdueSince).toBeNull();
  });

  test("also a key that a person is to put, once its run has passed without one", () => {
    const { overdueSince: since } = statusOf(named("anthropic"), unused, undefined, tuesday);
    expect(since).toMatch(/^2026-11-02T03:/);
  });
});
