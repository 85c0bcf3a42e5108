import type { CoreV1Event, V1CronJob, V1Job } from "@kubernetes/client-node";
import { describe, expect, it, test } from "vitest";
import { inOrder } from "../../../cli/rotate/cluster.ts";
import { cronJobFacts, manualJob } from "../../../cli/rotate/jobs.ts";
import { outcome, refusal } from "../../../cli/rotate/now.ts";
import { anthropic, openai, rotated, slotsWith, unused } from "./keys.ts";

const during = new Date("2026-11-24T02:00:00Z");
const after = new Date("2026-11-24T02:10:01Z");
const none = new Map();

describe("a rotation is refused", () => {
  const at = (now: Date, despiteOverlap = false) => ({ now, despiteOverlap, stack: "prod" });

  it("while the overlap of the previous key runs, with its end", () => {
    expect(refusal(openai, slotsWith(rotated), none, at(during))).toMatch(/valid until 2026-11-24T02:10:00Z/);
    expect(refusal(openai, slotsWith(rotated), none, at(after))).toBeUndefined();
    expect(refusal(openai, slotsWith(rotated), none, at(during, true))).toBeUndefined();
  });

  it("while one runs, with its Job, whatever else", () => {
    const running = new Map([["rotate-openai-llm", { createdAt: "", running: "rotate-openai-llm-5" }]]);
    for (const when of [at(after), at(after, true)]) {
      expect(refusal(openai, slotsWith(rotated), running, when)).toMatch(
        /^rotate-openai-llm-5 runs already: look at it with npm run rotate -- status openai-llm --stack prod$/,
      );
    }
  });

  it("never where an earlier one is only to be ended, or none has been", () => {
    for (const slots of [
      slotsWith({ ...rotated, phase: "promoted" }),
      { ...slotsWith(rotated), standing: "unreported" as const },
      unused,
    ]) {
      expect(refusal(openai, slots, none, at(during))).toBeUndefined();
    }
  });
});

const cronJob: V1CronJob = {
  metadata: { name: "rotate-openai-llm", uid: "uid-1", creationTimestamp: new Date("2026-11-01T00:00:00Z") },
  spec: {
    schedule: "0 3 * * 1",
    jobTemplate: {
      metadata: { labels: { a: "b" }, annotations: { c: "d" } },
      spec: { backoffLimit: 2, template: {} },
    },
  },
};
const job = (name: string, type?: "Complete" | "Failed", time = "2026-11-23T02:20:00Z"): V1Job => ({
  metadata: { name, ownerReferences: manualJob(cronJob).metadata?.ownerReferences ?? [] },
  status: {
    conditions:
      type === undefined
        ? []
        : [{ type, status: "True", reason: "Because", lastTransitionTime: new Date(time) }],
  },
});

describe("Jobs", () => {
  it("are made as kubectl create job --from makes them", () => {
    expect(manualJob(cronJob)).toEqual({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: {
        generateName: "rotate-openai-llm-",
        labels: { a: "b" },
        annotations: { c: "d", "cronjob.kubernetes.io/instantiate": "manual" },
        ownerReferences: [
          {
            apiVersion: "batch/v1",
            kind: "CronJob",
            name: "rotate-openai-llm",
            uid: "uid-1",
            controller: true,
          },
        ],
      },
      spec: { backoffLimit: 2, template: {} },
    });
  });

  it("of a CronJob: the one that runs, and the last to end where that failed", () => {
    const facts = (...jobs: V1Job[]) => cronJobFacts([cronJob], jobs).get("rotate-openai-llm");
    const createdAt = "2026-11-01T00:00:00.000Z";
    expect(facts()).toEqual({ createdAt });
    expect(facts(job("r-1"))).toEqual({ createdAt, running: "r-1" });
    expect(facts(job("r-1", "Failed"))).toEqual({
      createdAt,
      failed: { job: "r-1", at: "2026-11-23T02:20:00.000Z", reason: "Because" },
    });
    expect(facts(job("r-1", "Failed"), job("r-2", "Complete", "2026-11-24T00:00:00Z"))).toEqual({
      createdAt,
    });
    expect(facts({ ...job("other"), metadata: { name: "other" } })).toEqual({ createdAt });
  });
});

test("steps of one second come in the order in which they were written", () => {
  const event = (seconds: number, resourceVersion: string): CoreV1Event => ({
    ...{ involvedObject: {}, reason: resourceVersion },
    metadata: { creationTimestamp: new Date(seconds * 1_000), resourceVersion },
  });
  const events = [event(2, "1010"), event(2, "999"), event(1, "2000")];
  expect(inOrder(events).map(({ reason }) => reason)).toEqual(["2000", "999", "1010"]);
});

describe("the end", () => {
  const ended = { end: { succeeded: true, at: "", reason: "" }, pod: { state: "Succeeded", exitCode: 0 } };
  const crashed = (exitCode?: number) => ({
    end: { succeeded: false, at: "", reason: "BackoffLimitExceeded" },
    pod: { state: "Failed", ...(exitCode === undefined ? {} : { exitCode }) },
  });

  it("names the new key and how long the previous one is valid", () => {
    expect(outcome(openai, ended, unused, slotsWith(rotated), "dev")).toEqual({
      text:
        "llm-gateway-dev-openai-llm-2 is current, in version 4; the previous one is valid until 2026-11-24T02:10:00Z " +
        "(overlap 24h).",
      code: 0,
    });
  });

  it.each([
    ["was there before the rotator", openai, [{ revokeAfter: "2026-11-24T02:10:00Z" }]],
    ["its provider is not told how to revoke", anthropic, rotated.previous],
  ])("says that a person ends the previous one, where it %s", (_, key, previous) => {
    expect(outcome(key, ended, unused, slotsWith({ ...rotated, previous }), "dev").text).toMatch(
      /the previous one, which the rotator cannot revoke, stays valid until you archive it at (openai|claude|anthropic): do so after 2026-11-24T02:10:00Z/,
    );
  });

  it("is no success without a new key, and says what is missing", () => {
    const same = slotsWith(rotated);
    expect(outcome(openai, ended, same, same, "dev")).toMatchObject({
      code: 2,
      text: expect.stringContaining("another run"),
    });
    expect(outcome(anthropic, crashed(8), unused, unused, "prod")).toEqual({
      code: 8,
      text: "No new key: its keys are made by people. Put one: npm run rotate -- put anthropic --stack prod",
    });
  });

  it("is a failure where the provider refused the key, though a retry that found nothing to do ended well", () => {
    const refused = {
      at: "2026-11-24T02:00:00Z",
      what: "refused" as const,
      name: "llm-gateway-dev-anthropic-2",
    };
    const later = slotsWith({ ...rotated, history: [...rotated.history, refused] });
    expect(outcome(anthropic, ended, slotsWith(rotated), later, "dev")).toEqual({
      text: "Failed: the provider refuses llm-gateway-dev-anthropic-2. The current key stays.",
      code: 5,
    });
    expect(outcome(anthropic, ended, later, later, "dev").code).toBe(2);
  });

  it.each([
    [3, 3],
    [4, 4],
    [5, 5],
    [6, 6],
    [7, 7],
    [1, 1],
    [2, 1],
    [137, 1],
    [undefined, 1],
  ])("of a pod that ended with %s gives %s", (pod, code) => {
    expect(outcome(openai, crashed(pod), unused, unused, "dev")).toMatchObject({
      code,
      text: expect.stringContaining("Failed: BackoffLimitExceeded"),
    });
  });
});
