import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RecentKeys } from "../../../cli/audit/log/recent.ts";
import type { LogReport } from "../../../cli/audit/log/source.ts";
import { everything, kubernetesLine, kvAnswer, log, rowsOf, vaultLine } from "./entries.ts";

const startMs = Date.parse("2026-11-24T00:00:00Z");
const id = (index: number) => `${index.toString(16).padStart(8, "0")}-33ee-7ebc-82b9-b572a2a9e6eb`;
const at = (ms: number) => new Date(startMs + ms).toISOString();

/** The two entries of a request, as one device writes them. */
function request(index: number, beginMs: number, tookMs: number) {
  return [
    { ms: beginMs, line: vaultLine({ id: id(index), time: at(beginMs) }) },
    {
      ms: beginMs + tookMs,
      line: vaultLine({ id: id(index), time: at(beginMs + tookMs), response: kvAnswer }),
    },
  ];
}

const logOf = (entries: readonly { readonly ms: number; readonly line: string }[], name: string) => {
  const sorted = entries.toSorted((a, b) => a.ms - b.ms);
  return log(
    name,
    sorted.map(({ line }) => line),
    startMs + (sorted[0]?.ms ?? 0),
  );
};

const requests = fc
  .array(
    fc.record({ beginMs: fc.integer({ min: 0, max: 900_000 }), tookMs: fc.integer({ min: 0, max: 90_000 }) }),
    {
      maxLength: 40,
    },
  )
  .map((all) => all.flatMap(({ beginMs, tookMs }, index) => request(index, beginMs, tookMs)));

describe("the requests of several logs", () => {
  it("are one row each, in order, answered, however the entries are spread over devices and rotated files", async () => {
    await fc.assert(
      fc.asyncProperty(
        requests,
        fc.array(fc.integer({ min: 0, max: 990_000 }), { maxLength: 3 }),
        async (entries, cuts) => {
          // Some requests in both logs, as of two devices, and some in one of them, as of two nodes.
          const without = (rest: number) => entries.filter((_, index) => Math.floor(index / 2) % 3 !== rest);
          const edges = [0, ...cuts.toSorted((a, b) => a - b), Number.POSITIVE_INFINITY];
          const rotated = edges.slice(1).map((edge, index) =>
            logOf(
              without(1).filter(({ ms }) => ms >= (edges[index] ?? 0) && ms < edge),
              `a.${index}`,
            ),
          );
          const rows = await rowsOf([logOf(without(0), "b"), ...rotated.toReversed()], everything);
          expect(rows).toHaveLength(entries.length / 2);
          expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
          expect(rows.every(({ outcome, version }) => outcome === "allowed" && version === 2)).toBe(true);
          const times = rows.map(({ time }) => Date.parse(time));
          expect(times).toEqual(times.toSorted((a, b) => a - b));
        },
      ),
      { numRuns: 50 },
    );
  });

  it("are one row each even where logs stand one after the other in one input", async () => {
    const entries = Array.from({ length: 30 }, (_, index) => request(index, index * 60_000, 5)).flat();
    const lines = entries.map(({ line }) => line);
    const rows = await rowsOf([log("stdin", [...lines, ...lines])], everything);
    expect(rows).toHaveLength(30);
  });

  it("without an answer are rows too, and say so", async () => {
    const rows = await rowsOf([log("a", [vaultLine({})])], everything);
    expect(rows.map(({ outcome }) => outcome)).toEqual(["unanswered"]);
  });

  it("of both logs come in one order of time", async () => {
    const vault = log("v", [vaultLine({ time: "2026-11-24T03:00:01Z" })], Date.parse("2026-11-24T03:00:01Z"));
    const kubernetes = log("k", [
      kubernetesLine({ time: "2026-11-24T03:00:00.5Z" }),
      kubernetesLine({ time: "2026-11-24T03:00:02Z", id: "other" }),
    ]);
    const rows = await rowsOf([vault, kubernetes], everything);
    expect(rows.map(({ source }) => source)).toEqual(["kubernetes", "vault", "kubernetes"]);
  });

  it("of a watch are one row at its begin, although it ends an hour later", async () => {
    const watch = { verb: "watch", time: "2026-11-24T03:00:00Z" };
    const rows = await rowsOf(
      [
        log("k", [
          kubernetesLine({ ...watch, stage: "ResponseStarted" }),
          kubernetesLine({ id: "other", time: "2026-11-24T03:30:00Z" }),
          kubernetesLine({ ...watch, written: "2026-11-24T04:00:00Z" }),
        ]),
      ],
      everything,
    );
    expect(rows.map(({ operation }) => operation)).toEqual(["watch", "get"]);
  });

  it("of a damaged log are read as far as it goes", async () => {
    const reports: LogReport[] = [];
    const damaged = {
      ...log("a", []),
      open: async function* () {
        yield Buffer.from(`${vaultLine({})}\n`);
        throw new Error("unexpected end of file");
      },
    };
    expect(
      await rowsOf([damaged, log("b", [vaultLine({ id: id(1) })])], everything, {}, reports),
    ).toHaveLength(2);
    expect(reports.map(({ damage }) => damage)).toEqual(["unexpected end of file", undefined]);
  });
});

it("keys are remembered in bounded memory: the last ones surely", () => {
  const keys = new RecentKeys(1_024);
  for (let index = 0; index < 10_000; index++) keys.add(String(index));
  const known = Array.from({ length: 10_000 }, (_, index) => keys.has(String(index)));
  expect(known.slice(-1_024).every(Boolean)).toBe(true);
  expect(known.filter(Boolean).length).toBeLessThanOrEqual(2_048);
});
