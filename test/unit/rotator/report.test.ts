import { expect, test } from "vitest";
import { outcomeOf, readReport, reportOf } from "../../../jobs/rotator/report.ts";
import { digestOf, newState, type RotationState } from "../../../jobs/rotator/state.ts";

const at = "2026-11-25T03:00:00.5Z";
const state: RotationState = {
  ...newState,
  ...{ generation: 7, run: "a", job: "rotate-openai-1", phase: "promoting" },
  staged: { name: "gateway-dev-openai-7", id: "user-7", value: "sk-new-value" },
  current: {
    name: "gateway-dev-openai-6",
    id: "user-6",
    digest: digestOf("sk-old"),
    version: 12,
    promotedAt: at,
  },
  previous: [{ name: "gateway-dev-openai-5", digest: digestOf("sk-older"), revokeAfter: at }, {}],
  doomed: [{ name: "gateway-dev-openai-4", id: "user-4" }],
  history: [{ at, what: "promoted", name: "gateway-dev-openai-6", job: "rotate-openai-0" }],
};

test("a report reads back with everything but values, digests and ids", () => {
  const report = reportOf(state, 30);
  expect(readReport(report)).toEqual({
    ...{ version: 30, generation: 7, phase: "promoting", job: "rotate-openai-1", doomed: 1 },
    staged: "gateway-dev-openai-7",
    current: { name: "gateway-dev-openai-6", version: 12, promotedAt: at },
    previous: [{ name: "gateway-dev-openai-5", revokeAfter: at, byHand: true }, { byHand: true }],
    history: state.history,
    failures: {},
  });
  expect(JSON.stringify(report)).not.toMatch(/sk-|user-|[0-9a-f]{64}/);
});

test("it names as many things whatever the state holds, so that nothing of an earlier report stays", () => {
  const many = Array.from({ length: 50 }, (_, n) => ({ at, what: "swept" as const, name: `key-${n}` }));
  const names = Object.keys(reportOf(newState, 1));
  expect(Object.keys(reportOf({ ...state, history: many }, 2))).toEqual(names);
  expect(readReport(reportOf({ ...state, history: many }, 2))?.history.at(-1)?.name).toBe("key-49");
  expect(reportOf(newState, 1)).toMatchObject({ current: null, "previous-01": null, "history-40": null });
});

test("Vault takes it: at most 64 names, and values of at most 512 bytes that are not empty", () => {
  const long = {
    ...state,
    job: "j".repeat(63),
    history: state.history.map((one) => ({ ...one, name: "n".repeat(190) })),
  };
  const failed = outcomeOf("rotate", new Date(at), { failure: "provider", text: `"ü\n`.repeat(400) });
  const report = { ...reportOf(long, 30), ...failed, ...outcomeOf("finish", new Date(at)) };
  expect(Object.keys(report).length).toBeLessThanOrEqual(64);
  for (const value of Object.values(report)) {
    if (value === null) continue;
    expect(Buffer.byteLength(value)).toBeGreaterThan(0);
    expect(Buffer.byteLength(value)).toBeLessThanOrEqual(512);
  }
});

test("each command's failure is told until that command ends well", () => {
  const failed = outcomeOf("rotate", new Date(at), { failure: "provider", text: "status 503" });
  const report = { ...reportOf(state, 30), ...failed, ...outcomeOf("finish", new Date(at)) };
  expect(readReport(report)?.failures).toEqual({
    rotate: { at: "2026-11-25T03:00:00.500Z", failure: "provider", text: "status 503" },
  });
  expect(outcomeOf("rotate", new Date(at))).toEqual({ "failure-rotate": null });
});

test.each([{}, { state: "no JSON" }, { state: '{"version":1}' }, { state: 5 }])(
  "%o is no report",
  (metadata) => {
    expect(readReport(metadata)).toBeUndefined();
  },
);
