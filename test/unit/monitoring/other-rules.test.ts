import { describe } from "vitest";
import { rulesOf, watched } from "./declarations.ts";
import {
  type Case,
  expectAlerts,
  expectSummary,
  from,
  metric,
  promtool,
  type Series,
  steady,
  until,
} from "./promtool.ts";

const rules = rulesOf(watched());

const MINUTE = 60;
const HOUR = 3_600;

function series(name: string, labels: Readonly<Record<string, string>>, values: string): Series {
  return { [metric(name, labels)]: values };
}

describe("EsoDown", () => {
  const reconciled = (values: string, pod = "a") =>
    series(
      "controller_runtime_reconcile_total",
      { controller: "externalsecret", result: "success", pod },
      values,
    );

  promtool("fires where nothing is scraped of it", async () => {
    await expectAlerts(
      rules,
      "EsoDown",
      [],
      [
        { series: {}, afterSeconds: 45, fires: [] },
        { series: {}, afterSeconds: 2 * MINUTE, fires: [{}] },
      ],
    );
  });

  promtool("fires when it runs and has done nothing for two of the shortest refresh intervals", async () => {
    const stuck = reconciled(until(5, MINUTE, 6));
    await expectAlerts(
      rules,
      "EsoDown",
      [],
      [
        { series: stuck, afterSeconds: 4 * MINUTE, fires: [] },
        { series: stuck, afterSeconds: 7 * MINUTE, fires: [{}] },
      ],
    );
  });

  promtool("does not fire while it works, has just begun, or has begun anew", async () => {
    const restarted = {
      ...reconciled(`0+1x20 stale`),
      ...reconciled(`_x20 3+0x4 4+0x3 5+0x3 6+0x3 7+0x3`, "b"),
    };
    await expectAlerts(
      rules,
      "EsoDown",
      [],
      [
        { series: reconciled("0+1x400"), afterSeconds: HOUR, fires: [] },
        { series: reconciled(steady(2)), afterSeconds: 3 * MINUTE, fires: [] },
        { series: restarted, afterSeconds: 8 * MINUTE, fires: [] },
      ],
    );
  });
});

describe("AuditReaderSilent", () => {
  const [first, second] = ["vault-0.voyager.internal:9465", "vault-1.voyager.internal:9465"];
  const up = (instance: string, value: number) => series("up", { instance, job: "any" }, steady(value));
  const entries = (instance: string, values: string) =>
    series("vault_management_audit_reader_last_entry_timestamp_seconds", { instance }, values);
  const by = ["instance"];

  promtool("fires for a reader that is down, and for one that nobody scrapes", async () => {
    const down = { ...up(first, 0), ...up(second, 1), ...entries(second, "0+15x400") };
    const unseen = { ...up(second, 1), ...entries(second, "0+15x400") };
    const told: Case = { series: down, afterSeconds: 2 * MINUTE, fires: [{ instance: first }] };
    await expectAlerts(rules, "AuditReaderSilent", by, [
      { ...told, afterSeconds: 45, fires: [] },
      told,
      { ...told, series: unseen },
    ]);
    await expectSummary(rules, "AuditReaderSilent", told, `Nothing comes from the audit reader ${first}.`);
  });

  promtool("fires where the readers have never seen any: they follow a file that nobody writes", async () => {
    const told: Case = {
      series: { ...up(first, 1), ...up(second, 1) },
      ...{ afterSeconds: 17 * MINUTE, fires: [{}] },
    };
    await expectAlerts(rules, "AuditReaderSilent", by, [
      { ...told, afterSeconds: 14 * MINUTE, fires: [] },
      told,
    ]);
    await expectSummary(rules, "AuditReaderSilent", told, "Nothing comes from Vault's audit logs.");
  });

  promtool("fires when no reader has seen an entry for a quarter of an hour", async () => {
    const both = { ...up(first, 1), ...up(second, 1) };
    const silent = { ...both, ...entries(first, steady(0)), ...entries(second, steady(0)) };
    const told: Case = { series: silent, afterSeconds: 20 * MINUTE, fires: [{}] };
    await expectAlerts(rules, "AuditReaderSilent", by, [
      { ...told, afterSeconds: 15 * MINUTE, fires: [] },
      told,
    ]);
    await expectSummary(rules, "AuditReaderSilent", told, "Nothing comes from Vault's audit logs.");
  });

  promtool("does not fire for the log of a standby node, which has nothing to say", async () => {
    const both = { ...up(first, 1), ...up(second, 1) };
    const one = { ...both, ...entries(first, "0+15x400"), ...entries(second, steady(0)) };
    await expectAlerts(rules, "AuditReaderSilent", by, [{ series: one, afterSeconds: HOUR, fires: [] }]);
  });
});

/** A reader that this stack declares, scraped all the time. */
const reader = { job: "readers", instance: "vault-0.voyager.internal:9465" };
const scraped = series("up", reader, steady(1, 4 * HOUR));
/** Scraped but for one time, and but for ten minutes. */
const missedOnce = series("up", reader, "1x240 0 1x400");
const missedTen = series("up", reader, "1x240 stale _x40 1x400");

describe("BreakGlassUsed", () => {
  const operator = { operator: "break-glass" };
  const requests = (values: string, from = reader): Series => ({
    ...scraped,
    ...series("vault_management_break_glass_requests_total", { ...operator, ...from }, values),
  });

  promtool("fires at once for the first use ever, and for the next", async () => {
    const first = requests(from(HOUR, 1));
    const next = requests(until(4, HOUR, 5));
    for (const used of [first, next]) {
      await expectAlerts(
        rules,
        "BreakGlassUsed",
        ["operator"],
        [
          { series: used, afterSeconds: HOUR - 15, fires: [] },
          { series: used, afterSeconds: HOUR + 15, fires: [operator] },
          { series: used, afterSeconds: HOUR + 14 * MINUTE, fires: [operator] },
          { series: used, afterSeconds: HOUR + 20 * MINUTE, fires: [] },
        ],
      );
    }
  });

  promtool("does not fire while nobody uses it", async () => {
    await expectAlerts(
      rules,
      "BreakGlassUsed",
      ["operator"],
      [
        { series: requests(steady(0)), afterSeconds: HOUR, fires: [] },
        { series: requests(from(HOUR, 0)), afterSeconds: HOUR + MINUTE, fires: [] },
        { series: requests(steady(9)), afterSeconds: HOUR, fires: [] },
      ],
    );
  });

  promtool(
    "does not fire for old uses after a scrape that failed, or a gap, or of a new Prometheus",
    async () => {
      const missed = { ...requests("9x240 stale 9x400"), ...missedOnce };
      const gap = { ...requests("9x240 stale _x40 9x400"), ...missedTen };
      const at = (series: Series, ...minutes: readonly number[]) =>
        minutes.map((minute): Case => ({ series, afterSeconds: minute * MINUTE, fires: [] }));
      await expectAlerts(
        rules,
        "BreakGlassUsed",
        ["operator"],
        [
          ...at(missed, 61, 75, 76).map((one) => ({ ...one, afterSeconds: one.afterSeconds + 15 })),
          ...at(gap, 71, 75, 76, 80, 86),
          ...at(requests(steady(9)), 1, 14, 15, 16),
        ],
      );
    },
  );

  promtool(
    "fires at once in a Prometheus that is new, and for a reader that has begun to count anew",
    async () => {
      const early = requests(from(3 * MINUTE, 1));
      // It was started again after half an hour, and nobody has used the rights in the hour after that.
      const anew = requests("5x120 stale _x240 1x40");
      await expectAlerts(
        rules,
        "BreakGlassUsed",
        ["operator"],
        [
          { series: early, afterSeconds: 2 * MINUTE, fires: [] },
          { series: early, afterSeconds: 3 * MINUTE + 15, fires: [operator] },
          { series: anew, afterSeconds: 85 * MINUTE, fires: [] },
          { series: anew, afterSeconds: 92 * MINUTE, fires: [operator] },
        ],
      );
    },
  );

  promtool("does not fire for a reader of another stack", async () => {
    const others = { job: "readers", instance: "vault-7.elsewhere.internal:9465" };
    const used = requests(until(4, HOUR, 5), others);
    await expectAlerts(
      rules,
      "BreakGlassUsed",
      ["operator"],
      [{ series: used, afterSeconds: HOUR + 15, fires: [] }],
    );
  });
});

describe("UnexpectedDeniedReads", () => {
  const labels = { login: "voyager-platform-llm", mount: "kv", operation: "read" };
  const denied = (how: string, values: string): Series => ({
    ...scraped,
    ...series("vault_management_denied_requests_total", { ...labels, denied: how, ...reader }, values),
  });
  const by = ["login", "mount", "operation"];

  promtool("fires for a read that Vault denied, and says whose it was", async () => {
    const first: Case = {
      series: denied("unexpected", from(HOUR, 1)),
      afterSeconds: HOUR + 15,
      fires: [labels],
    };
    await expectAlerts(rules, "UnexpectedDeniedReads", by, [
      first,
      { ...first, afterSeconds: HOUR - 15, fires: [] },
    ]);
    await expectSummary(
      rules,
      "UnexpectedDeniedReads",
      first,
      "Vault denied voyager-platform-llm a read on kv.",
    );
  });

  promtool("does not fire for what break-glass denies on purpose, nor for what is long ago", async () => {
    await expectAlerts(rules, "UnexpectedDeniedReads", by, [
      { series: denied("break-glass", "0+1x400"), afterSeconds: HOUR, fires: [] },
      { series: denied("unexpected", steady(3)), afterSeconds: HOUR, fires: [] },
    ]);
  });
});
