import { describe, expect, it } from "vitest";
import { secretsOf } from "../../../cli/status/judge/secrets.ts";
import type { Live } from "../../../cli/status/live.ts";
import { emptyPath, failing, metadata, NOW, ready, settings, syncs, written } from "./ground.ts";

const other = ready("anthropic-api-key");

function openaiOf(
  live: Live | undefined,
  paths = metadata,
  warnings: ReadonlyMap<string, string> = new Map(),
) {
  const facts = {
    live: live === undefined ? [other] : [live, other],
    metadata: paths,
    warnings: new Map([["llm", warnings]]),
  };
  return secretsOf(syncs, facts, NOW).find(({ name }) => name === "openai-api-key");
}

const newVersion = (createdTime: string) => new Map([...metadata, ["kv/llm/openai", written(createdTime)]]);

describe("a declared ExternalSecret", () => {
  it("is synced when ESO has what Vault has, with the time of the last sync", () => {
    expect(settings.namespaces[0]?.name).toBe("llm");
    expect(openaiOf(ready("openai-api-key"))).toEqual({
      ...{ namespace: "llm", name: "openai-api-key", store: "vault-store", state: "synced" },
      ...{ reason: null, since: null, lastSync: "2026-11-27T02:30:00.000Z" },
    });
  });

  it("waits for its next refresh after a new version, and lags once that refresh is past", () => {
    expect(openaiOf(ready("openai-api-key"), newVersion("2026-11-27T02:40:00Z"))).toMatchObject({
      ...{ state: "waiting", since: "2026-11-27T02:40:00.000Z" },
    });
    const slow = ready("openai-api-key", "llm", { refreshTime: "2026-11-27T01:10:00Z" });
    expect(openaiOf(slow, newVersion("2026-11-27T01:20:00Z"))).toMatchObject({
      ...{ state: "lagging", since: "2026-11-27T01:20:00.000Z" },
    });
  });

  it("is stale when its last success is older than two refreshes, or of an earlier declaration", () => {
    const old = ready("openai-api-key", "llm", { refreshTime: "2026-11-27T00:30:00Z" });
    expect(openaiOf(old)).toMatchObject({ state: "stale", since: "2026-11-27T00:30:00.000Z" });
    const edited = ready("openai-api-key", "llm", { syncedResourceVersion: "0-abc" });
    expect(openaiOf(edited)).toMatchObject({ state: "stale" });
  });

  it("fails since its condition says so, for the value that Vault does not have", () => {
    const live = failing("openai-api-key", "could not get secret data from provider");
    expect(openaiOf(live, new Map([...metadata, ["kv/llm/openai", emptyPath]]))).toMatchObject({
      ...{ state: "failing", reason: "Vault has no value at kv/llm/openai", since: "2026-11-27T02:50:00Z" },
    });
  });

  it("fails in the words of ESO's event where the value is there, and in the condition's where there is no event", () => {
    const live = failing("openai-api-key", "could not get secret data from provider");
    const event = new Map([["ExternalSecret/openai-api-key", "permission denied\n\n* 403"]]);
    expect(openaiOf(live, metadata, event)).toMatchObject({ reason: "permission denied * 403" });
    expect(openaiOf(live)).toMatchObject({ reason: "could not get secret data from provider" });
  });

  it("is pending before ESO has come to it, and missing where the cluster does not have it", () => {
    const fresh = ready("openai-api-key", "llm", { conditions: [], refreshTime: null });
    expect(openaiOf(fresh)).toMatchObject({ state: "pending", lastSync: null });
    expect(openaiOf(undefined)).toMatchObject({ state: "missing", lastSync: null });
    const elsewhere = ready("openai-api-key", "other");
    expect(openaiOf(elsewhere)).toMatchObject({ state: "missing" });
  });

  it("is judged by ESO's words alone where Vault's were not seen", () => {
    expect(openaiOf(ready("openai-api-key"), new Map())).toMatchObject({ state: "synced" });
    const live = failing("openai-api-key", "could not get secret data from provider");
    expect(openaiOf(live, new Map())).toMatchObject({ reason: "could not get secret data from provider" });
  });
});
