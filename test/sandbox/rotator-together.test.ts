import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inParallel } from "../../cli/in-parallel.ts";
import { useSandbox } from "./harness.ts";
import { type RotationGround, rotationGround } from "./rotation/ground.ts";
import { recordRequests } from "./rotation/matrix.ts";
import { lastStep, type Meeting, type Met, meet } from "./rotation/together.ts";

const ROUNDS = 6;
const STATE = "vault POST /v1/rotation-test/data/rotation/<id>";
/** Both at the same kind of request, the first of each. */
const same = (kind: string) => [`${kind} #1`, `${kind} #2`] as const;

let ground: RotationGround;
let kinds: readonly string[];

beforeAll(async () => {
  ground = await rotationGround(await useSandbox());
  const { rotate } = await recordRequests(ground);
  kinds = [...new Set(rotate.map((label) => label.replace(/ #\d+$/, "")))];
});
afterAll(() => ground?.close());

let meetings = 0;
const meetAll = (all: readonly Meeting[]) =>
  inParallel(all, 4, (meeting) => {
    meetings += 1;
    return meet(ground, `meeting-${meetings}`, meeting);
  });

/** What is to be so of two rotators at once, wherever they met. */
function expectOneRotation(mets: readonly Met[]): void {
  for (const { meeting, ended, versions, promotions, next, orphansAfter, failures, wrong } of mets) {
    const output = ended.map((one) => one.output).join("");
    expect({ meeting, codes: ended.map(({ code }) => code), output }).toEqual({
      ...{ meeting, codes: [0, 0], output: expect.not.stringContaining('"step":"failed"') },
    });
    expect({ meeting, versions, promotions }).toEqual({ meeting, versions: 1, promotions: 1 });
    expect({ meeting, code: next.code, output: next.output }).toMatchObject({ meeting, code: 0 });
    const left = { orphansAfter, failures, wrong };
    expect({ meeting, ...left }).toEqual({ meeting, orphansAfter: [], failures: [], wrong: [] });
  }
}

describe("two rotators at once", () => {
  test("started together, time and again: one key is promoted, both end well", async () => {
    const jobs = ["job-1", "job-1"] as const;
    expectOneRotation(await meetAll(Array.from({ length: ROUNDS }, () => ({ jobs }))));
  });

  test("of two that claim the same rotation in the same moment one wins, and the other goes", async () => {
    const meeting: Meeting = { jobs: ["job-1", "job-2"], at: same(STATE) };
    const mets = await meetAll(Array.from({ length: ROUNDS }, () => meeting));
    expectOneRotation(mets);
    for (const { ended, met } of mets) {
      expect(met).toBe(true);
      expect(ended.map(lastStep).toSorted()).toEqual(["done", "overtaken"]);
    }
  });

  test("side by side from any request on: one key is promoted, both end well", async () => {
    const meeting = { jobs: ["job-1", "job-1"], start: "one after the other" } as const;
    const mets = await meetAll(kinds.map((kind) => ({ ...meeting, at: same(kind) })));
    expectOneRotation(mets);
    expect(mets.filter(({ met }) => !met).map(({ meeting: { at } }) => at)).toEqual([]);
  });

  test("one that comes to claim what the other has gone on with since it looked goes", async () => {
    const [met] = await meetAll([
      {
        ...{ jobs: ["job-1", "job-2"], start: "one after the other", release: "first" },
        at: [`${STATE} #2`, `${STATE} #3`],
      },
    ]);
    expectOneRotation(met === undefined ? [] : [met]);
    expect([met?.met, met?.ended.map(lastStep)]).toEqual([true, ["done", "overtaken"]]);
  });

  test("a run that only finishes loses nobody the rotation, in whatever request it comes", async () => {
    const meeting = { jobs: ["job-2", "job-finish"], second: "finish" } as const;
    const claims = Array.from({ length: ROUNDS }, () => ({ ...meeting, at: same(STATE) }));
    const later = kinds.map((kind) => ({
      ...meeting,
      at: same(kind),
      start: "one after the other" as const,
    }));
    const mets = await meetAll([...claims, ...later]);
    expectOneRotation(mets);
    const steps = mets.flatMap(({ ended }) => ended.flatMap((one) => one.steps.map(({ step }) => step)));
    expect(steps).toContain("starts-over");
  });
});
