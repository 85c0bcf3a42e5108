import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LiveObject } from "../../../components/external-secrets/judgement.ts";
import type { SecretState } from "../../../freshness/kv-metadata.ts";
import { judgeSync, staleAfterSeconds } from "../../../freshness/sync.ts";

const openai = { mount: "kv", path: "llm/openai" };
const anthropic = { mount: "kv", path: "llm/anthropic" };
const hourly = { refreshIntervalSeconds: 3_600, paths: [openai] };

const T0 = Date.parse("2026-11-24T12:00:00Z");
const at = (seconds: number) => new Date(T0 + seconds * 1_000);

function versions(...createdSeconds: readonly number[]): SecretState {
  return {
    mounted: true,
    currentVersion: createdSeconds.length,
    versions: createdSeconds.map((seconds, index) => ({
      version: index + 1,
      createdTime: at(seconds).toISOString(),
      readable: true,
    })),
    custom: {},
  };
}

/** As ESO leaves it after a sync that began so many seconds after T0. */
function synced(
  seconds: number,
  { generation = 1, ready = "True", reason = "SecretSynced" } = {},
): LiveObject {
  return {
    metadata: { name: "openai-api-key", generation, creationTimestamp: at(-100).toISOString() },
    status: {
      refreshTime: at(Math.floor(seconds)).toISOString(),
      syncedResourceVersion: `1-abc`,
      conditions: [{ type: "Ready", status: ready, reason, message: `ESO says ${reason}` }],
    },
  };
}

const fresh: LiveObject = {
  metadata: { name: "openai-api-key", generation: 1, creationTimestamp: at(0).toISOString() },
};

const judged = (live: LiveObject | undefined, state: SecretState | undefined, nowSeconds: number) =>
  judgeSync(hourly, live, () => state, at(nowSeconds));

describe("lag", () => {
  it("is 0 while the newest version is older than the last sync", () => {
    expect(judged(synced(10), versions(-50, 5), 5_000).lagSeconds).toBe(0);
  });

  it("grows from the moment that a version comes which no sync has brought", () => {
    expect(judged(synced(10), versions(5, 20), 21).lagSeconds).toBe(1);
    expect(judged(synced(10), versions(5, 20), 1_020).lagSeconds).toBe(1_000);
  });

  it("goes on growing when further versions come", () => {
    expect(judged(synced(10), versions(5, 20, 1_000), 1_020).lagSeconds).toBe(1_000);
  });

  it("is 0 again after the next sync", () => {
    expect(judged(synced(30), versions(5, 20), 1_020).lagSeconds).toBe(0);
  });

  it("is that of the path that is furthest behind", () => {
    const both = { ...hourly, paths: [openai, anthropic] };
    const states = new Map<string, SecretState>([
      ["llm/openai", versions(5, 500)],
      ["llm/anthropic", versions(5, 200)],
    ]);
    const { lagSeconds } = judgeSync(both, synced(10), ({ path }) => states.get(path), at(1_000));
    expect(lagSeconds).toBe(800);
  });

  it("counts a version of the very second in which the sync began as read: Kubernetes keeps no fractions", () => {
    expect(judged(synced(10.9), versions(10.4), 5_000).lagSeconds).toBe(0);
    expect(judged(synced(10.9), versions(11.1), 5_000).lagSeconds).toBe(4_988.9);
  });

  it("is unknown while Vault's metadata is, or there is no ExternalSecret; never 0", () => {
    expect(judged(synced(10), undefined, 1_000)).not.toHaveProperty("lagSeconds");
    expect(judged(undefined, versions(5), 1_000)).not.toHaveProperty("lagSeconds");
  });

  it("is as old as the ExternalSecret before its first sync, where Vault has a value", () => {
    expect(judged(fresh, versions(-9_999), 60).lagSeconds).toBe(60);
    expect(judged(fresh, versions(), 60).lagSeconds).toBe(0);
  });

  it("is never negative, whatever the clocks of Vault and ESO say", () => {
    const seconds = fc.integer({ min: -10_000, max: 10_000 });
    fc.assert(
      fc.property(seconds, fc.array(seconds, { maxLength: 5 }), seconds, (refreshed, created, now) => {
        const { lagSeconds } = judged(synced(refreshed), versions(...created), now);
        expect(lagSeconds).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("is 0 exactly where no version is newer than the last sync, and never shrinks without a sync", () => {
    const seconds = fc.integer({ min: 0, max: 1_000 });
    fc.assert(
      fc.property(seconds, fc.array(seconds, { maxLength: 5 }), seconds, (refreshed, created, later) => {
        const state = versions(...created);
        const first = judged(synced(refreshed), state, 2_000).lagSeconds ?? Number.NaN;
        const second = judged(synced(refreshed), state, 2_000 + later).lagSeconds ?? Number.NaN;
        expect(first > 0).toBe(created.some((one) => one > refreshed));
        expect(second - first).toBe(first > 0 ? later : 0);
      }),
    );
  });
});

describe("staleness", () => {
  const limit = staleAfterSeconds(3_600);

  it("begins after two refresh intervals and 90 seconds without a success, not before", () => {
    expect(limit).toBe(7_290);
    expect(judged(synced(0), versions(-1), limit).stale).toBe(false);
    expect(judged(synced(0), versions(-1), limit + 1).stale).toBe(true);
  });

  it("is at once where the last sync was of an earlier generation", () => {
    expect(judged(synced(0, { generation: 2 }), versions(-1), 1).stale).toBe(true);
  });

  it("is where there is no ExternalSecret, or none that ever synced", () => {
    expect(judged(undefined, versions(-1), 1).stale).toBe(true);
    expect(judged(fresh, versions(-1), 1).stale).toBe(true);
  });

  it("does not depend on what Vault says", () => {
    expect(judged(synced(0), undefined, 1).stale).toBe(false);
  });
});

describe("readiness", () => {
  it("is ESO's condition, with the time of the last success kept when a later refresh fails", () => {
    expect(judged(synced(7), versions(5), 8)).toMatchObject({ ready: true, lastSuccess: at(7) });
    const failing = synced(7, { ready: "False", reason: "SecretSyncedError" });
    expect(judged(failing, versions(5), 8)).toMatchObject({
      ready: false,
      reason: "ESO says SecretSyncedError",
      lastSuccess: at(7),
    });
  });

  it("is not there where ESO is content without a value", () => {
    const { ready, reason } = judged(synced(7, { reason: "SecretDeleted" }), versions(5), 8);
    expect(ready).toBe(false);
    expect(reason).toMatch(/no value/);
  });

  it("has no last success before there is one", () => {
    for (const refreshTime of [null, "", undefined]) {
      const live = { ...fresh, status: { ...(refreshTime === undefined ? {} : { refreshTime }) } };
      expect(judged(live, versions(5), 8)).not.toHaveProperty("lastSuccess");
    }
  });
});
