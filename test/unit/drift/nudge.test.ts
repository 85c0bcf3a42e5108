import { describe, expect, it } from "vitest";
import { type NudgeOptions, nudge } from "../../../cli/drift/nudge.ts";
import { nudgeText } from "../../../cli/drift/nudge-text.ts";
import { type VaultClient, VaultError } from "../../../clients/vault.ts";
import type { LiveObject } from "../../../components/external-secrets/judgement.ts";
import { settingsOf } from "../arbitrary-settings.ts";

const written = "2026-11-27T12:00:00Z";
const metadata = { current_version: 2, versions: { 2: { created_time: written, deletion_time: "" } } };

/** The dev stack's one ExternalSecret, last synced then; a nudge syncs it at once. */
function world(synced: string, overrides: Partial<NudgeOptions> = {}) {
  const nudges: string[] = [];
  const live = (): LiveObject[] => [
    {
      metadata: { name: "openai-api-key", generation: 1 },
      status: {
        conditions: [{ type: "Ready", status: "True" }],
        syncedResourceVersion: "1-x",
        refreshTime: nudges.length === 0 ? synced : new Date().toISOString(),
      },
    },
  ];
  const options: NudgeOptions = {
    settings: settingsOf("dev"),
    vault: { read: async () => metadata } as unknown as VaultClient,
    api: {
      list: async (kind) => (kind === "ExternalSecret" ? live() : []),
      nudge: async (_kind, namespace, name) => {
        nudges.push(`${namespace}/${name}`);
      },
      warnings: async () => new Map(),
    },
    plan: false,
    report: () => {},
    ...overrides,
  };
  return { nudges, run: () => nudge(options) };
}

describe("nudging what lags", () => {
  it("leaves alone what was synced after the newest version", async () => {
    const { nudges, run } = world(new Date().toISOString());
    expect(await run()).toEqual({ judged: 1, nudged: [], unknown: [] });
    expect(nudges).toEqual([]);
  });

  it("asks for a refresh of what was synced before it, and waits for that", async () => {
    const { nudges, run } = world("2026-11-27T11:59:00Z");
    const report = await run();
    expect(nudges).toEqual(["llm/openai-api-key"]);
    expect(report.nudged).toMatchObject([{ externalSecret: "llm/openai-api-key", outcome: "synced" }]);
    expect(nudgeText(report, "dev")).toMatch(
      /^1 of the 1 ExternalSecret.*lag behind Vault\.\n {2}llm\/openai-api-key \(behind for \d+ s\): refreshed/,
    );
  });

  it("with a plan touches nothing", async () => {
    const { nudges, run } = world("2026-11-27T11:59:00Z", { plan: true });
    expect((await run()).nudged).toMatchObject([{ outcome: "planned" }]);
    expect(nudges).toEqual([]);
  });

  it("says of whom it does not know, instead of taking them for synced", async () => {
    const refused = {
      read: async (path: string) => {
        throw new VaultError("GET", path, 403, ["permission denied"]);
      },
    };
    const { run } = world(new Date().toISOString(), { vault: refused as unknown as VaultClient });
    const report = await run();
    expect(report).toMatchObject({
      nudged: [],
      unknown: [
        { externalSecret: "llm/openai-api-key", why: expect.stringContaining("kv/metadata/llm/openai") },
      ],
    });
    expect(nudgeText(report, "dev")).toContain("Not known:");
  });
});
