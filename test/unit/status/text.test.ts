import { stripVTControlCharacters } from "node:util";
import { describe, expect, it, test } from "vitest";
import { paintFor } from "../../../cli/status/palette.ts";
import { statusText } from "../../../cli/status/text.ts";
import { sinceText, spanText } from "../../../cli/status/words.ts";
import { declaredSyncs } from "../../../freshness/declared.ts";
import { stackOf } from "../access/declarations.ts";
import { failing, NOW, ready, reported, withCluster } from "./ground.ts";

const plainly = paintFor({}, {});
const lines = (...args: Parameters<typeof reported>) => statusText(reported(...args), plainly).split("\n");
const ESCAPE = "\u001b[";

describe("the screen", () => {
  it("says in its first line that all is well, and has a line for each part", () => {
    const [first, , ...parts] = lines({});
    expect(first).toMatch(/^dev: all is well {3}2026-11-27T03:00:00Z, looked for 0\.0 s$/);
    expect(parts.map((line) => line.split(/\s{2,}|\s/)[0])).toEqual(
      "Vault raft audit ESO stores secrets rotations certificates break-glass alerts".split(" "),
    );
    expect(parts.join("\n")).toContain("2 of 2 in sync");
    expect(parts.at(-1)).toMatch(/nobody was asked \(monitoring\.prometheusAddress, or --prometheus <url>\)/);
  });

  it("has what is wrong before everything else, the critical first, each with what to run and to read", () => {
    const [first, , ...rest] = lines({
      audit: { found: ["file", "other"] },
      ...withCluster({
        operator: { found: { desired: 1, available: 0, version: null, since: "2026-11-27T00:55:00Z" } },
      }),
    });
    expect(first).toMatch(/^dev: 1 critical, 1 warning /);
    expect(rest.slice(0, 4)).toEqual([
      "CRITICAL  ESO has 0 of 1 replicas: nothing is synced (for 2h 5m, since 2026-11-27T00:55:00Z)",
      "          run  kubectl --context voyager-dev -n vault describe deployment/external-secrets",
      "          see  docs/runbook.md#esodown",
      expect.stringMatching(/^warning {3}2 audit device/),
    ]);
  });

  it("says what could not be seen, with the reason, and shows the rest", () => {
    const unseen = { unseen: "Kubernetes refused:\n\nno right" };
    const text = lines(withCluster({ externalSecrets: unseen }));
    expect(text[0]).toContain("not all of it could be seen");
    expect(text).toContain("not seen  secrets: Kubernetes refused: no right");
    expect(text).toContainEqual(expect.stringMatching(/^secrets +not seen$/));
    expect(text).toContainEqual(expect.stringMatching(/^stores +2 of 2 ready$/));
  });

  it("stays one screen where three hundred fail: the first few of them, and how many more", () => {
    const names = Array.from({ length: 300 }, (_, index) => `app-${String(index).padStart(3, "0")}`);
    const services = Object.fromEntries(names.map((name) => [name, [`apps/${name}`]]));
    const many = stackOf({ llm: { store: {}, services: servicesOf(services) } });
    const found = names.map((name) => failing(`${name}-secret`, "permission denied"));
    const facts = { syncs: declaredSyncs(many), ...withCluster({ externalSecrets: { found } }) };
    const text = lines({ ...facts, metadata: { known: new Map() } }, { settings: many });
    expect(text.length).toBeLessThan(35);
    expect(text).toContain("          and 295 more of secrets: --json has all");
    expect(text).toContainEqual(expect.stringMatching(/^secrets +0 of 300 in sync, 300 failing$/));
  });

  it("lets no control character of a foreign text act on the terminal", () => {
    const found = [failing("openai-api-key", "\u001b[2Jgone"), ready("anthropic-api-key")];
    const text = lines(withCluster({ externalSecrets: { found } })).join("\n");
    expect(text).not.toContain(ESCAPE);
    expect(text).toContain("\\u{1b}[2Jgone");
  });

  it("has a line for each rotated key, the next to come first, and of many a few", () => {
    const rotation = { liveSince: "2026-11-23T03:00:00Z", overdueSince: null, failure: null };
    const soon = { ...rotation, key: "soon", nextRun: "2026-11-27T05:00:00Z" };
    const late = { ...rotation, key: "late", nextRun: "2026-11-30T03:00:00Z", liveSince: null };
    const text = lines({ rotations: { found: [late, soon] } });
    const at = text.findIndex((line) => line.startsWith("rotations"));
    expect(text.slice(at, at + 3)).toEqual([
      "rotations     2 keys",
      "              soon live for 4d, next due in 2h (2026-11-27T05:00:00Z)",
      "              late never rotated, next due in 3d (2026-11-30T03:00:00Z)",
    ]);
    const many = lines({ rotations: { found: Array.from({ length: 40 }, () => soon) } });
    expect(many).toContain("              and 35 more, due later: --json has all");
    expect(many.length).toBeLessThan(24);
  });
});

describe("colours", () => {
  const bad = () => statusText(reported({ audit: { found: [] } }), paintFor({ isTTY: true }, {}));

  test("are there on a terminal, and nothing else differs", () => {
    expect(bad()).toContain(`${ESCAPE}31mCRITICAL${ESCAPE}39m`);
    const text = statusText(reported({ audit: { found: [] } }), plainly);
    expect(stripVTControlCharacters(bad())).toBe(text);
  });

  test.each([
    ["not into a file or a pipe", {}, {}],
    ["never with NO_COLOR", { isTTY: true }, { NO_COLOR: "1" }],
    ["never with NO_COLOR, whatever else is asked for", { isTTY: true }, { NO_COLOR: "1", FORCE_COLOR: "3" }],
    ["not on a terminal without", { isTTY: true }, { TERM: "dumb" }],
  ])("are %s", (_name, stream, environment) => {
    expect(paintFor(stream, environment)("bad", "text")).toBe("text");
  });

  test("are there with an empty NO_COLOR, which asks for nothing", () => {
    expect(paintFor({ isTTY: true }, { NO_COLOR: "" })("good", "x")).toContain(ESCAPE);
  });
});

describe("times", () => {
  test.each([
    [0, "0s"],
    [-5_000, "0s"],
    [41_900, "41s"],
    [60_000, "1m"],
    [3_725_000, "1h 2m"],
    [90_061_000, "1d 1h"],
    [86_400_000 + 60_000, "1d"],
  ])("%d ms are %s", (milliseconds, text) => {
    expect(spanText(milliseconds)).toBe(text);
  });

  test("have the moment beside the span, in UTC to the second", () => {
    expect(sinceText("2026-11-27T03:55:00.123+01:00", NOW)).toBe("for 4m 59s, since 2026-11-27T02:55:00Z");
  });
});

function servicesOf(services: Readonly<Record<string, readonly string[]>>): object {
  return Object.fromEntries(
    Object.entries(services).map(([service, paths]) => [
      service,
      { secrets: { [`${service}-secret`]: { data: { key: `${paths[0]}#value` } } } },
    ]),
  );
}
