import { expect, test } from "vitest";
import { contentMark } from "../../../jobs/rotator/steps/settle.ts";

test("a workload restarts for each promotion once, though a secret that was made anew counts from one again", () => {
  const live = { mount: "kv", path: "llm/openai" };
  const [first, anew] = ["2026-11-24T02:00:00Z", "2026-11-25T02:00:00Z"];
  const mark = contentMark(live, { version: 1, promotedAt: first });
  expect(mark).toMatch(/^[0-9a-f]{16}$/);
  expect(contentMark(live, { version: 1, promotedAt: first })).toBe(mark);
  expect(contentMark(live, { version: 2, promotedAt: first })).not.toBe(mark);
  expect(contentMark(live, { version: 1, promotedAt: anew })).not.toBe(mark);
});
