import { expect, test } from "vitest";
import type { Row } from "../../../audit/entry/access.ts";
import { historyOf, historyText, writesOf } from "../../../cli/rotate/history.ts";
import { MONDAY, openai, rotated, slotsWith } from "./keys.ts";

const name = (generation: number) => `llm-gateway-dev-openai-llm-${generation}`;
const slots = slotsWith({
  ...rotated,
  history: [
    ...rotated.history.slice(0, 1),
    { at: "2026-11-17T02:10:00Z", what: "swept", name: name(9) },
    { at: MONDAY, what: "promoted", name: name(2), job: "rotate-openai-llm-1" },
    { at: "2026-11-24T03:00:00Z", what: "revoked", name: name(1) },
    { at: "2026-11-24T04:00:00Z", what: "left", name: "unknown" },
    { at: "2026-11-25T02:10:00Z", what: "refused", name: name(3) },
  ],
});
const versions = [
  { version: 3, createdTime: "2026-11-20T00:00:00Z", readable: true },
  { version: 4, createdTime: MONDAY, readable: true },
];
const past = { ...slots, live: { ...slots.live, versions } };

test("a key's past tells what was promoted, by which Job, and what became of it, beside versions of other hands", () => {
  expect(
    historyOf(openai, past).map(({ what, generation, version, job, ended }) => [
      ...[what, generation, version, job],
      ended?.what,
    ]),
  ).toEqual([
    ["promoted", 1, null, null, "revoked"],
    ["removed unused", 9, null, null, undefined],
    ["written by others", null, 3, null, undefined],
    ["promoted", 2, 4, "rotate-openai-llm-1", undefined],
    ["left to archive by hand", null, null, null, undefined],
    ["refused", 3, null, null, undefined],
  ]);
});

test("an audit log says who wrote which version, by which request", () => {
  const row = (fields: Partial<Row>): Row => ({
    ...{ source: "vault", id: "r-1", key: "r-1", time: MONDAY, writtenMs: 0, notes: [] },
    who: { kind: "service account", name: "vault-rotation/rotate-openai-llm", role: "dev-rotate" },
    ...{ operation: "update", path: "kv/data/llm/openai", version: 4, outcome: "allowed" },
    ...fields,
  });
  const writes = writesOf(openai, [
    row({}),
    row({ id: "r-2", version: 3, outcome: "denied" }),
    row({ id: "r-3", version: 3, path: "kv/data/rotation/openai-llm" }),
  ]);
  expect([...writes]).toEqual([
    [4, { who: "vault-rotation/rotate-openai-llm (dev-rotate)", request: "r-1" }],
  ]);
  expect(historyText(historyOf(openai, past, writes))).toMatch(/request r-1/);
});

test("nothing is nothing", () => {
  expect(historyText([])).toBe("Nothing has happened to this key yet.");
});
