import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { behind } from "../../../freshness/behind.ts";
import type { SyncJudgement } from "../../../freshness/sync.ts";

const now = new Date("2026-11-24T12:00:00Z");
const secondsAgo = (seconds: number) => new Date(now.getTime() - seconds * 1_000);

const hourly = { refreshIntervalSeconds: 3_600 };
/** As declared: refreshed after two thirds of its life. */
const certificateOf = (ttlSeconds: number) => ({
  refreshIntervalSeconds: Math.floor((ttlSeconds * 2) / 3),
  certificateTtlSeconds: ttlSeconds,
});
const daily = certificateOf(86_400);

const good: SyncJudgement = { ready: true, stale: false, lastSuccess: secondsAgo(60), lagSeconds: 0 };

describe("an ExternalSecret is to be refreshed", () => {
  it.each([
    ["not ready", { ready: false, reason: "permission denied" }],
    ["not ready", { ready: false, stale: true, lagSeconds: 5 }],
    ["stale", { stale: true }],
    ["overdue", { lastSuccess: secondsAgo(3_691) }],
    ["lagging", { lagSeconds: 1 }],
  ] as const)("where it is %s: %j", (because, judged) => {
    expect(behind(hourly, { ...good, ...judged }, now)).toBe(because);
  });

  const { lagSeconds: _, ...unknownLag } = good;
  it.each([
    ["a good one", good],
    ["one whose refresh is due only now", { ...good, lastSuccess: secondsAgo(3_690) }],
    ["one of which Vault's versions are not known", unknownLag],
  ])("but not %s", (_, judged) => {
    expect(behind(hourly, judged, now)).toBeUndefined();
  });
});

describe("a certificate, of which Vault has no versions", () => {
  const issued = (seconds: number, ready = true): SyncJudgement => ({
    ...good,
    ready,
    lastSuccess: secondsAgo(seconds),
  });

  it("is issued anew when its refresh did not come, when it nears its end, and when it has ended", () => {
    expect(behind(daily, issued(57_600 + 91), now)).toBe("overdue");
    expect(behind(daily, issued(64_801), now)).toBe("near expiry");
    expect(behind(daily, issued(90_000), now)).toBe("near expiry");
  });

  it("is issued anew when ESO says that it could not be", () => {
    expect(behind(daily, issued(60, false), now)).toBe("not ready");
  });

  it("nears its end before its refresh is overdue where it lives for minutes", () => {
    expect(behind(certificateOf(300), issued(226), now)).toBe("near expiry");
  });

  it("is left alone for as long as ESO renews it in time by itself", () => {
    const ttl = fc.integer({ min: 60, max: 10_000_000 });
    const part = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(ttl, part, (ttlSeconds, of) => {
        const declared = certificateOf(ttlSeconds);
        expect(behind(declared, issued(declared.refreshIntervalSeconds * of), now)).toBeUndefined();
      }),
    );
  });
});
