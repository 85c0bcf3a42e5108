import { afterEach, describe, expect, it, vi } from "vitest";
import { type NudgeOptions, nudge } from "../../../cli/drift/nudge.ts";
import { nudgeText } from "../../../cli/drift/nudge-text.ts";
import { type VaultClient, VaultError } from "../../../clients/vault.ts";
import type { LiveObject } from "../../../components/external-secrets/judgement.ts";
import { settingsOf } from "../arbitrary-settings.ts";
import { pkiSettings } from "../pki/declarations.ts";

/** Each pause is over at once, and the clock has gone on by it. */
vi.mock("node:timers/promises", () => ({
  setTimeout: async (milliseconds: number) => {
    vi.setSystemTime(Date.now() + milliseconds);
  },
}));
afterEach(() => {
  vi.useRealTimers();
});

const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString();
const HOUR = 3_600;

/** Written five minutes ago. */
const metadata = { current_version: 2, versions: { 2: { created_time: ago(300), deletion_time: "" } } };
const unreadable = {
  read: async (path: string) => {
    throw new VaultError("GET", path, 403, ["permission denied"]);
  },
} as unknown as VaultClient;

interface Before {
  readonly name?: string;
  /** How long ago its last sync began. */
  readonly synced: number;
  readonly ready?: boolean;
  /** ESO does not come, whoever asks. */
  readonly esoDown?: boolean;
}

/** One ExternalSecret, by default the dev stack's own; a nudge syncs it at once. */
function world(
  { name = "openai-api-key", synced, ready = true, esoDown = false }: Before,
  overrides: Partial<NudgeOptions> = {},
) {
  const nudges: string[] = [];
  const live = (): LiveObject[] => {
    const came = nudges.length > 0 && !esoDown;
    return [
      {
        metadata: { name, generation: 1 },
        status: {
          conditions: [
            ready || came
              ? { type: "Ready", status: "True" }
              : { type: "Ready", status: "False", message: "ESO's words" },
          ],
          syncedResourceVersion: "1-x",
          refreshTime: came ? new Date().toISOString() : ago(synced),
        },
      },
    ];
  };
  const options: NudgeOptions = {
    settings: settingsOf("dev"),
    vault: { read: async () => metadata } as unknown as VaultClient,
    api: {
      list: async (kind) => (kind === "ExternalSecret" ? live() : []),
      nudge: async (_kind, namespace, nudged) => {
        nudges.push(`${namespace}/${nudged}`);
      },
      warnings: async () => new Map(),
    },
    plan: false,
    report: () => {},
    patienceMs: 0,
    ...overrides,
  };
  return { nudges, run: () => nudge(options) };
}

const openai = "llm/openai-api-key";

describe("nudging", () => {
  it("leaves alone what is ready and was synced after the newest version", async () => {
    const { nudges, run } = world({ synced: 60 });
    const report = await run();
    expect(report).toEqual({ judged: 1, nudged: [], unknown: [] });
    expect(nudges).toEqual([]);
    expect(nudgeText(report, "dev")).toBe("Nothing to refresh among the 1 ExternalSecret(s) of stack dev.");
  });

  it("asks for a refresh of what was synced before it, and waits for that", async () => {
    const { nudges, run } = world({ synced: 360 });
    const report = await run();
    expect(nudges).toEqual([openai]);
    expect(report.nudged).toMatchObject([{ externalSecret: openai, because: "lagging", outcome: "synced" }]);
    expect(nudgeText(report, "dev")).toMatch(
      /^1 of the 1 ExternalSecret\(s\) of stack dev to refresh\.\n {2}llm\/openai-api-key \(behind Vault for \d+ s\): refreshed$/,
    );
  });

  const old = { versions: { 1: { created_time: ago(100 * HOUR), deletion_time: "" } }, current_version: 1 };
  it.each([
    ["not ready", { synced: 60, ready: false }, "not ready"],
    ["stale", { synced: 3 * HOUR }, "stale: last sync too long ago, or of an earlier declaration"],
    ["overdue", { synced: HOUR + 120 }, "its refresh is overdue"],
  ] as const)(
    "refreshes what is %s, though Vault has no newer version, and says so",
    async (because, before, text) => {
      const { nudges, run } = world(before, { vault: { read: async () => old } as unknown as VaultClient });
      const report = await run();
      expect(nudges).toEqual([openai]);
      expect(report.nudged).toEqual([{ externalSecret: openai, because, outcome: "synced" }]);
      expect(nudgeText(report, "dev")).toContain(`  ${openai} (${text}): refreshed`);
    },
  );

  it.each([
    ["leaves a good one alone", { synced: HOUR }, []],
    ["issues one anew that nears its end", { synced: 19 * HOUR }, ["llm/gateway-tls"]],
    ["issues one anew that could not be", { synced: HOUR, ready: false }, ["llm/gateway-tls"]],
  ])("of certificates %s", async (_, before, expected) => {
    const settings = pkiSettings({}, { ttl: "24h" });
    const { nudges, run } = world({ name: "gateway-tls", ...before }, { settings });
    const { nudged } = await run();
    expect(nudges).toEqual(expected);
    expect(nudged.map(({ outcome }) => outcome)).toEqual(expected.map(() => "synced"));
  });

  it("says why what is not ready has not come", async () => {
    const { run } = world({ synced: 60, ready: false, esoDown: true });
    expect((await run()).nudged).toMatchObject([
      { because: "not ready", outcome: "not synced yet", why: "ESO's words" },
    ]);
  });

  it("waits for longer than a minute while ESO brings one after the other, and no longer than one for the next", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const asked = Date.now();
    const secondsLater = (seconds: number) => asked + seconds * 1_000;
    /** Stale until then. */
    const comes = (name: string, at: number): LiveObject => ({
      metadata: { name, generation: 1 },
      status: {
        conditions: [{ type: "Ready", status: "True" }],
        syncedResourceVersion: "1-x",
        refreshTime: new Date(Date.now() < at ? 0 : at).toISOString(),
      },
    });
    const outcomes = async (first: number, second: number) => {
      vi.setSystemTime(asked);
      const list = async () => [
        comes("openai-api-key", secondsLater(first)),
        comes("gateway-tls", secondsLater(second)),
      ];
      const api = { list, nudge: async () => {}, warnings: async () => new Map() };
      const { run } = world({ synced: 0 }, { settings: pkiSettings(), api, patienceMs: 60_000 });
      return (await run()).nudged.map(({ outcome }) => outcome);
    };
    expect(await outcomes(50, 100)).toEqual(["synced", "synced"]);
    expect(await outcomes(120, 50)).toEqual(["synced", "not synced yet"]);
  });

  it("with a plan touches nothing, and has ESO's words for what is not ready", async () => {
    const { nudges, run } = world({ synced: 360, ready: false }, { plan: true });
    const report = await run();
    expect(report.nudged).toMatchObject([{ because: "not ready", outcome: "planned", why: "ESO's words" }]);
    expect(nudges).toEqual([]);
    expect(nudgeText(report, "dev")).toMatch(
      /\(not ready, behind Vault for \d+ s\): would be refreshed: ESO's words$/,
    );
  });

  it("says of whom it does not know, instead of taking them for synced", async () => {
    const { run } = world({ synced: 60 }, { vault: unreadable });
    const report = await run();
    expect(report).toMatchObject({
      nudged: [],
      unknown: [{ externalSecret: openai, why: expect.stringContaining("kv/metadata/llm/openai") }],
    });
    expect(nudgeText(report, "dev")).toContain("Not known:");
  });

  it("refreshes what is stale, whether or not Vault's versions are known", async () => {
    const { run } = world({ synced: 3 * HOUR }, { vault: unreadable });
    expect(await run()).toMatchObject({ nudged: [{ because: "stale", outcome: "synced" }], unknown: [] });
  });

  it("asks nothing of an ExternalSecret that is not there, and says so", async () => {
    const { nudges, run } = world({ name: "another", synced: 60 });
    expect(await run()).toMatchObject({
      nudged: [],
      unknown: [{ externalSecret: openai, why: "there is no such ExternalSecret" }],
    });
    expect(nudges).toEqual([]);
  });
});
