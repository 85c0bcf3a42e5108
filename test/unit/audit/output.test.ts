import { describe, expect, it } from "vitest";
import { logNames, sinceMs } from "../../../cli/audit/options.ts";
import { jsonRow, jsonSummary } from "../../../cli/audit/output/json.ts";
import { plain } from "../../../cli/audit/output/plain.ts";
import { Progress } from "../../../cli/audit/output/progress.ts";
import { Tally } from "../../../cli/audit/output/tally.ts";
import { answerText, skippedText } from "../../../cli/audit/output/text.ts";
import { everything, hashed, kvAnswer, log, rowsOf, userStore, vaultLine } from "./entries.ts";

async function answered(lines: readonly string[], shown = 50) {
  const rows = await rowsOf([log("a.log", lines)], everything);
  const tally = new Tally();
  for (const row of rows) tally.add(row);
  return { rows, tally, text: answerText(tally, rows.slice(-shown), "read") };
}

describe("the answer", () => {
  it("counts who did what how often, then shows the newest rows, then sums up", async () => {
    const lines = Array.from({ length: 60 }, (_, index) =>
      vaultLine({
        id: `id-${index}`,
        response: kvAnswer,
        time: new Date(1e12 + index * 1_000).toISOString(),
      }),
    );
    const denied = vaultLine({ id: "denied", auth: userStore, error: "permission denied", response: {} });
    const { text } = await answered([...lines, denied]);
    expect(text).toMatch(
      /llm\/vault-store \(voyager-platform-llm\) +│ read kv\/data\/llm\/openai +│ allowed +│ 60 +│ 2001-09-09T01:46:40Z │ 2001-09-09T01:47:39Z/,
    );
    expect(text).toMatch(/user\/vault-store \(voyager-platform-user\) .*denied: permission denied/);
    expect(text).toContain("The newest 50 (all 61: --json; fewer: --since)");
    expect(text).toMatch(/61 reads by 2 identities, 1 denied\.$/);
  });

  it("shows no hash that Vault wrote, as text or JSON", async () => {
    const { rows, text, tally } = await answered([
      vaultLine({ data: { version: hashed }, response: kvAnswer }),
    ]);
    expect(text + rows.map(jsonRow).join("") + jsonSummary(tally, [])).not.toContain("hmac");
  });

  it("lets no character of a log act on the terminal", async () => {
    const { text } = await answered([vaultLine({ path: "kv/data/\u001b[2J\u202e\n│x" })]);
    expect(text).toContain("\\u{1b}[2J\\u{202e}\\u{a}│x");
    expect(text).not.toContain("\u001b");
    expect(text).not.toContain("\u202e");
    expect(plain("größe 日本")).toBe("größe 日本");
  });

  it("says when there is nothing", async () => {
    expect((await answered([])).text).toBe("No read in these logs.");
  });

  it("is bounded: the newest kinds of requests are not all there are", async () => {
    const lines = Array.from({ length: 2_100 }, (_, index) =>
      vaultLine({ id: `id-${index}`, path: `kv/data/${index}` }),
    );
    const { text } = await answered(lines, 0);
    expect(text).toContain("1800 more kinds of requests");
    expect(text).toContain("100 requests of further kinds are counted below only");
    expect(text).toContain("2100 reads by 1 identity");
  });
});

it("what was passed over is told log by log", () => {
  const skipped = {
    lines: 9,
    foreign: 2,
    torn: 1,
    firstTorn: 9,
    lastLineTorn: true,
    tooLong: 1,
    firstTooLong: 3,
  };
  expect(skippedText([{ name: "a.log", skipped, damage: "unexpected end of file" }])).toEqual([
    "a.log: 1 torn line skipped: line 9, the last: it may still be being written",
    "a.log: 1 line(s) of more than 32 MiB skipped, the first is line 3",
    "a.log: 2 line(s) of other kinds skipped (a server's own log)",
    "a.log: damaged, the rest of it is NOT in the answer (unexpected end of file)",
  ]);
});

describe("--since", () => {
  const now = Date.parse("2026-11-24T04:00:00Z");

  it("is a duration before now or a time", () => {
    expect(sinceMs("1h30m", now)).toBe(now - 5_400_000);
    expect(sinceMs("2026-11-24T03:00:00+01:00", now)).toBe(now - 7_200_000);
  });

  it.each(["3d", "yesterday", "2026-11-24", "2026-13-45T00:00:00Z", ""])("is not %j", (text) => {
    expect(() => sinceMs(text, now)).toThrow(/neither a duration/);
  });

  it("is not yet to come", () => {
    expect(() => sinceMs("2026-11-25T00:00:00Z", now)).toThrow(/yet to come/);
  });
});

describe("the logs", () => {
  it("are standard input when none is named, once", () => {
    expect(logNames({ stack: "dev" })).toEqual([{ name: "-" }]);
    expect(logNames({ stack: "dev", vaultLog: ["-"], kubernetesLog: ["-"] })).toEqual([{ name: "-" }]);
  });

  it("are files where standard input has the value", () => {
    expect(() => logNames({ stack: "dev", matchValue: true })).toThrow(/must be files/);
    expect(() => logNames({ stack: "dev", matchValue: true, vaultLog: ["a", "-"] })).toThrow(/must be files/);
  });
});

it("progress is silent for two seconds", () => {
  const written: string[] = [];
  const progress = new Progress(100, { write: (text) => written.push(text) });
  progress.read(50);
  progress.end();
  expect(written).toEqual([]);
});
