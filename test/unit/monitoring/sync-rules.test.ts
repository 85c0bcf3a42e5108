import { describe, expect, it } from "vitest";
import { rulesOf, watched } from "./declarations.ts";
import {
  expectAlerts,
  expectSummary,
  exported,
  from,
  metric,
  promtool,
  type Series,
  steady,
  until,
} from "./promtool.ts";

const rules = rulesOf(watched());
const withoutExporter = rulesOf(watched({ prometheusRules: true }));

const MINUTE = 60;
const HOUR = 3_600;
const BY = ["namespace", "external_secret"];

const hourly = { namespace: "llm", external_secret: "openai-api-key" };
const everyMinute = { namespace: "llm", external_secret: "session.key" };

/** ESO's own series of an ExternalSecret's condition. */
function condition(name: string, values: string, more: Readonly<Record<string, string>> = {}): Series {
  const labels = { namespace: "llm", name, condition: "Ready", status: "False", ...more };
  return { [metric("externalsecret_status_condition", labels)]: values };
}

describe("SecretSyncFailing", () => {
  promtool("fires when ESO says so for a refresh interval, ten minutes at most", async () => {
    const failing = { ...condition("openai-api-key", steady(1)), ...condition("session.key", steady(1)) };
    await expectAlerts(rules, "SecretSyncFailing", BY, [
      { series: failing, afterSeconds: 45, fires: [] },
      { series: failing, afterSeconds: 75, fires: [everyMinute] },
      { series: failing, afterSeconds: 9 * MINUTE, fires: [everyMinute] },
      { series: failing, afterSeconds: 11 * MINUTE, fires: [hourly, everyMinute] },
    ]);
  });

  promtool("fires once for what two pods of ESO and the exporter say", async () => {
    const series = {
      ...condition("session.key", steady(1), { pod: "a" }),
      ...condition("session.key", steady(1), { pod: "b" }),
      ...exported("sync_ready", everyMinute, steady(0)),
    };
    await expectAlerts(rules, "SecretSyncFailing", BY, [
      { series, afterSeconds: 2 * MINUTE, fires: [everyMinute] },
    ]);
  });

  promtool("fires by the exporter alone, where ESO is too old to have the labels", async () => {
    const series = {
      [metric("externalsecret_status_condition", { name: "session.key", namespace: "llm" })]: steady(0),
      ...exported("sync_ready", everyMinute, steady(0)),
    };
    await expectAlerts(rules, "SecretSyncFailing", BY, [
      { series, afterSeconds: 2 * MINUTE, fires: [everyMinute] },
    ]);
  });

  promtool("does not fire for what recovers, is Ready, or is not of this stack", async () => {
    const recovers = condition("session.key", until(1, 45, 0));
    const others = { ...condition("another", steady(1)), ...condition("sessionXkey", steady(1)) };
    const ready = {
      ...condition("session.key", steady(0)),
      ...exported("sync_ready", everyMinute, steady(1)),
    };
    await expectAlerts(rules, "SecretSyncFailing", BY, [
      { series: recovers, afterSeconds: 10 * MINUTE, fires: [] },
      { series: others, afterSeconds: HOUR, fires: [] },
      { series: ready, afterSeconds: HOUR, fires: [] },
    ]);
  });
});

describe("SecretSyncStale", () => {
  promtool("fires by age after two refresh intervals and 90 s, each secret by its own", async () => {
    const series = {
      ...exported("sync_last_success_timestamp_seconds", hourly, steady(0)),
      ...exported("sync_last_success_timestamp_seconds", everyMinute, steady(0)),
    };
    await expectAlerts(rules, "SecretSyncStale", BY, [
      { series, afterSeconds: 3 * MINUTE, fires: [] },
      { series, afterSeconds: 5 * MINUTE, fires: [everyMinute] },
      { series, afterSeconds: 2 * HOUR, fires: [everyMinute] },
      { series, afterSeconds: 2 * HOUR + 3 * MINUTE, fires: [hourly, everyMinute] },
    ]);
  });

  promtool(
    "fires by what the exporter finds of the status: another generation than the declared one",
    async () => {
      const series = exported("sync_stale", everyMinute, steady(1));
      await expectAlerts(rules, "SecretSyncStale", BY, [
        { series, afterSeconds: MINUTE, fires: [everyMinute] },
      ]);
    },
  );

  promtool(
    "fires by ESO's condition alone, once it was false for as long, over a restart of ESO",
    async () => {
      const series = {
        ...condition("session.key", `${steady(1, 150)} stale`, { pod: "before" }),
        ...condition("session.key", from(150, 1), { pod: "after" }),
      };
      for (const some of [rules, withoutExporter]) {
        await expectAlerts(some, "SecretSyncStale", BY, [
          { series, afterSeconds: 3 * MINUTE, fires: [] },
          { series, afterSeconds: 5 * MINUTE, fires: [everyMinute] },
        ]);
      }
    },
  );

  promtool("does not fire while syncs come, nor for a condition that was true in between", async () => {
    const fresh = {
      ...exported("sync_last_success_timestamp_seconds", hourly, "0+15x720"),
      ...exported("sync_stale", hourly, steady(0)),
    };
    const flapping = condition("session.key", "1 1 1 1 0 1 1 1 1 1 0 1 1 1 1 1 0 1 1 1 1 1 0 1 1 1 1");
    // Ready in between, in the pod that is gone; the new one has seen nothing but failures.
    const recovered = {
      ...condition("session.key", "1 1 1 0 0 1 1 1 stale", { pod: "before" }),
      ...condition("session.key", from(120, 1), { pod: "after" }),
    };
    await expectAlerts(rules, "SecretSyncStale", BY, [
      { series: recovered, afterSeconds: 250, fires: [] },
      { series: fresh, afterSeconds: 3 * HOUR, fires: [] },
      { series: flapping, afterSeconds: 6 * MINUTE, fires: [] },
    ]);
  });

  promtool("says what is stale, and since when it counts", async () => {
    const series = exported("sync_stale", hourly, steady(1));
    await expectSummary(
      rules,
      "SecretSyncStale",
      { series, afterSeconds: MINUTE, fires: [{ ...hourly, refresh_interval: "1h" }] },
      "llm/openai-api-key was last synced longer ago than 2h1m30s, twice its refresh interval with 90s for ESO's retries.",
    );
  });
});

describe("SecretSyncLagging", () => {
  promtool("fires when a newer value has waited for longer than a refresh interval and 90 s", async () => {
    const series = {
      ...exported("sync_lag_seconds", everyMinute, "0+15x400"),
      ...exported("sync_lag_seconds", hourly, "0+15x400"),
    };
    await expectAlerts(rules, "SecretSyncLagging", BY, [
      { series, afterSeconds: 150, fires: [] },
      { series, afterSeconds: 4 * MINUTE, fires: [everyMinute] },
      { series, afterSeconds: HOUR, fires: [everyMinute] },
      { series, afterSeconds: HOUR + 4 * MINUTE, fires: [hourly, everyMinute] },
    ]);
  });

  promtool("does not fire while each value comes with the next refresh", async () => {
    const saw = Array.from({ length: 20 }, () => "0 15 30 45 60").join(" ");
    const series = exported("sync_lag_seconds", everyMinute, saw);
    await expectAlerts(rules, "SecretSyncLagging", BY, [{ series, afterSeconds: 20 * MINUTE, fires: [] }]);
  });

  it("is not there without the exporter, which alone knows Vault's versions", () => {
    expect(withoutExporter.map(({ alert }) => alert)).not.toContain("SecretSyncLagging");
  });
});

describe("SecretStoreNotReady", () => {
  const store = { namespace: "llm", store: "vault-store" };
  const labels = { namespace: "llm", name: "vault-store", condition: "Ready", status: "False" };
  const ofEso = (values: string) => ({ [metric("secretstore_status_condition", labels)]: values });

  promtool("fires by ESO's condition, and by the exporter's alone", async () => {
    for (const series of [ofEso(steady(1)), exported("store_ready", store, steady(0))]) {
      await expectAlerts(
        rules,
        "SecretStoreNotReady",
        ["namespace", "store"],
        [
          { series, afterSeconds: 45, fires: [] },
          { series, afterSeconds: 2 * MINUTE, fires: [store] },
        ],
      );
    }
  });

  promtool("does not fire while it is ready, nor for another's store", async () => {
    const series = {
      ...ofEso(steady(0)),
      ...exported("store_ready", store, steady(1)),
      ...exported("store_ready", { namespace: "others", store: "vault-store" }, steady(0)),
    };
    await expectAlerts(
      rules,
      "SecretStoreNotReady",
      ["namespace", "store"],
      [{ series, afterSeconds: HOUR, fires: [] }],
    );
  });
});
