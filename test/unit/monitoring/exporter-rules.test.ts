import { describe, expect, it } from "vitest";
import { everything, rulesOf, watched } from "./declarations.ts";
import {
  type Case,
  expectAlerts,
  expectSummary,
  exported,
  metric,
  promtool,
  type Series,
  steady,
  until,
} from "./promtool.ts";

const rules = rulesOf(watched());

const MINUTE = 60;
const HOUR = 3_600;

/** One alert, no series of which tells two of it apart. */
const ONE = [{}];

describe("CertificateNearExpiry", () => {
  const certificate = { namespace: "llm", certificate: "gateway-tls" };
  const by = ["namespace", "certificate"];
  const quarter = (720 * HOUR) / 4;
  const ends = (seconds: number) =>
    exported("certificate_expiry_timestamp_seconds", certificate, steady(seconds));

  promtool("fires with less than a quarter of its life left, and when it has ended", async () => {
    await expectAlerts(rules, "CertificateNearExpiry", by, [
      { series: ends(quarter + 5 * MINUTE), afterSeconds: 5 * MINUTE, fires: [] },
      { series: ends(quarter + 5 * MINUTE), afterSeconds: 8 * MINUTE, fires: [certificate] },
      { series: ends(MINUTE), afterSeconds: 10 * MINUTE, fires: [certificate] },
    ]);
  });

  promtool("does not fire once it is renewed", async () => {
    const series = exported(
      "certificate_expiry_timestamp_seconds",
      certificate,
      until(quarter + MINUTE, 2 * MINUTE, 720 * HOUR),
    );
    await expectAlerts(rules, "CertificateNearExpiry", by, [{ series, afterSeconds: HOUR, fires: [] }]);
  });

  promtool("says how much is left", async () => {
    const { exporter } = everything;
    expect(exporter.interval).toBe("30s");
    await expectSummary(
      rules,
      "CertificateNearExpiry",
      { series: ends(2 * HOUR), afterSeconds: HOUR, fires: [certificate] },
      "The certificate llm/gateway-tls ends in 1h 0m 0s, and was to be renewed with 240h left.",
    );
  });
});

describe("RotationOverdue", () => {
  const key = { key: "openai-llm" };

  promtool("fires when the exporter finds it so twice", async () => {
    const series = exported("rotation_overdue", key, steady(1));
    await expectAlerts(
      rules,
      "RotationOverdue",
      ["key"],
      [
        { series, afterSeconds: 45, fires: [] },
        { series, afterSeconds: 75, fires: [key] },
      ],
    );
  });

  promtool("does not fire for a key that is due, nor for another stack's", async () => {
    const series = {
      ...exported("rotation_overdue", key, steady(0)),
      ...exported("rotation_overdue", { key: "others" }, steady(1)),
    };
    await expectAlerts(rules, "RotationOverdue", ["key"], [{ series, afterSeconds: HOUR, fires: [] }]);
  });

  it("is not there where no key rotates", () => {
    const without = rulesOf(watched(everything, { rotation: undefined }));
    expect(without.map(({ alert }) => alert)).not.toContain("RotationOverdue");
  });
});

describe("a Vault node", () => {
  const node = { node: "vault-1" };
  const other = { node: "vault-0" };

  promtool.each([
    ["VaultNodeDown", "vault_up", 0, 1],
    ["VaultSealed", "vault_sealed", 1, 0],
  ])("%s fires for that node alone, and not for a moment's trouble", async (alert, name, bad, good) => {
    const down = { ...exported(name, node, steady(bad)), ...exported(name, other, steady(good)) };
    const brief = exported(name, node, until(bad, 45, good));
    await expectAlerts(
      rules,
      alert,
      ["node"],
      [
        { series: down, afterSeconds: 45, fires: [] },
        { series: down, afterSeconds: 2 * MINUTE, fires: [node] },
        { series: brief, afterSeconds: 2 * MINUTE, fires: [] },
      ],
    );
  });

  promtool(
    "VaultTwoLeaders fires once two call themselves active, not for one, nor for a lead that goes over",
    async () => {
      const leaders = (one: string, two: string) => ({
        ...exported("vault_leader", other, one),
        ...exported("vault_leader", node, two),
      });
      const both: Case = { series: leaders(steady(1), steady(1)), afterSeconds: 2 * MINUTE, fires: ONE };
      await expectAlerts(
        rules,
        "VaultTwoLeaders",
        [],
        [
          both,
          { ...both, afterSeconds: 45, fires: [] },
          { series: leaders(steady(1), steady(0)), afterSeconds: HOUR, fires: [] },
          { series: leaders(until(1, 45, 0), steady(1)), afterSeconds: 2 * MINUTE, fires: [] },
        ],
      );
      await expectSummary(rules, "VaultTwoLeaders", both, "2 Vault nodes call themselves the active one.");
    },
  );

  promtool.each([
    ["a log a thousand entries behind", "vault_raft_lag_entries", 1_001, 1_000],
    ["no contact for longer than autopilot allows", "vault_raft_last_contact_seconds", 11, 10],
    ["what autopilot calls unhealthy", "vault_raft_healthy", 0, 1],
  ])("VaultRaftLag fires for %s, and not below", async (_what, name, bad, good) => {
    const lags = { ...exported(name, node, steady(bad)), ...exported(name, other, steady(good)) };
    await expectAlerts(
      rules,
      "VaultRaftLag",
      ["node"],
      [
        { series: lags, afterSeconds: 45, fires: [] },
        { series: lags, afterSeconds: 2 * MINUTE, fires: [node] },
      ],
    );
  });
});

describe("VaultNoLeader", () => {
  promtool("fires when the exporter finds none twice, and not for an election", async () => {
    const lost = exported("vault_has_leader", {}, steady(0));
    const election = exported("vault_has_leader", {}, until(0, 45, 1));
    await expectAlerts(
      rules,
      "VaultNoLeader",
      [],
      [
        { series: lost, afterSeconds: 45, fires: [] },
        { series: lost, afterSeconds: 2 * MINUTE, fires: ONE },
        { series: election, afterSeconds: 2 * MINUTE, fires: [] },
      ],
    );
  });

  promtool("fires when a leader is left without a majority, and not while it has one", async () => {
    const { monitoring, ...declared } = watched();
    const nodes = Object.fromEntries(
      [0, 1, 2].map((node) => [`vault-${node}`, `https://vault-${node}:8200`]),
    );
    const ofThree = rulesOf({ ...declared, monitoring: { ...monitoring, vault: { nodes } } });
    const leader = exported("vault_has_leader", {}, steady(1));
    const sealed = (...states: readonly number[]) =>
      states.map((state, index) => exported("vault_sealed", { node: `vault-${index}` }, steady(state)));
    const serving = (...states: readonly number[]): Series =>
      Object.assign({ ...leader }, ...sealed(...states));
    await expectAlerts(
      ofThree,
      "VaultNoLeader",
      [],
      [
        { series: serving(0, 0, 0), afterSeconds: HOUR, fires: [] },
        { series: serving(0, 0, 1), afterSeconds: HOUR, fires: [] },
        { series: serving(0, 0), afterSeconds: HOUR, fires: [] },
        { series: serving(0, 1, 1), afterSeconds: 2 * MINUTE, fires: ONE },
        { series: serving(0), afterSeconds: 2 * MINUTE, fires: ONE },
      ],
    );
  });
});

describe("AuditDevicesTooFew", () => {
  const devices = (count: number) => exported("audit_devices", {}, steady(count));
  const low: Case = { series: devices(1), afterSeconds: 2 * MINUTE, fires: ONE };

  promtool("fires for fewer than two, and says how many there are", async () => {
    await expectAlerts(
      rules,
      "AuditDevicesTooFew",
      [],
      [{ ...low, afterSeconds: 45, fires: [] }, low, { series: devices(2), afterSeconds: HOUR, fires: [] }],
    );
    await expectSummary(rules, "AuditDevicesTooFew", low, "Vault has 1 audit devices, and 2 are wanted.");
  });

  promtool("fires for fewer than declared", async () => {
    const device = (name: string) => [name, { filePath: `/var/log/${name}.log` }];
    const { vault } = watched();
    const three = {
      ...vault,
      caCertificate: undefined,
      auditDevices: Object.fromEntries(["a", "b", "c"].map(device)),
    };
    const strict = rulesOf(watched(everything, { vault: three }));
    await expectAlerts(
      strict,
      "AuditDevicesTooFew",
      [],
      [
        { series: devices(2), afterSeconds: 2 * MINUTE, fires: ONE },
        { series: devices(3), afterSeconds: HOUR, fires: [] },
      ],
    );
  });
});

describe("AuditDeviceFailing", () => {
  const up = (values: string) => ({
    [metric("up", { job: "exporter", instance: "exporter-of-dev:9464" })]: values,
  });
  const failures = (values: string) => exported("audit_failures_total", {}, values);

  promtool(
    "does not fire for a gap in what was scraped, nor for a Prometheus that has just begun",
    async () => {
      const gap = { ...failures("7x240 stale _x40 7x400"), ...up("1x240 stale _x40 1x400") };
      await expectAlerts(
        rules,
        "AuditDeviceFailing",
        [],
        [
          ...[61, 71, 76, 86].map((minute) => ({ series: gap, afterSeconds: minute * MINUTE, fires: [] })),
          ...[1, 14, 16].map((minute) => ({
            series: { ...failures(steady(7)), ...up(steady(1)) },
            ...{ afterSeconds: minute * MINUTE, fires: [] },
          })),
        ],
      );
    },
  );

  promtool("fires at once for a failure, for a quarter of an hour", async () => {
    const one = failures(until(3, HOUR, 4));
    await expectAlerts(
      rules,
      "AuditDeviceFailing",
      [],
      [
        { series: one, afterSeconds: HOUR - 15, fires: [] },
        { series: one, afterSeconds: HOUR + 15, fires: ONE },
        { series: one, afterSeconds: HOUR + 20 * MINUTE, fires: [] },
      ],
    );
  });

  promtool(
    "does not fire for what Vault counted before, nor for a Vault that starts to count again",
    async () => {
      await expectAlerts(
        rules,
        "AuditDeviceFailing",
        [],
        [
          { series: failures(steady(7)), afterSeconds: HOUR, fires: [] },
          { series: failures(until(7, HOUR, 0)), afterSeconds: HOUR + MINUTE, fires: [] },
        ],
      );
    },
  );
});

describe("VaultTelemetryMissing", () => {
  promtool("fires where Vault keeps no metrics, which AuditDeviceFailing would need", async () => {
    const kept = (value: number) => exported("vault_telemetry", {}, steady(value));
    await expectAlerts(
      rules,
      "VaultTelemetryMissing",
      [],
      [
        { series: kept(0), afterSeconds: 45, fires: [] },
        { series: kept(0), afterSeconds: 2 * MINUTE, fires: ONE },
        { series: kept(1), afterSeconds: HOUR, fires: [] },
      ],
    );
  });
});

describe("another stack's exporter in the same Prometheus", () => {
  const healthy = [
    exported("audit_devices", {}, steady(2), "prod"),
    exported("exporter_last_success_timestamp_seconds", { collector: "vault" }, "0+15x400", "prod"),
    exported("vault_has_leader", {}, steady(1), "prod"),
  ];

  promtool.each([
    ["AuditDevicesTooFew", exported("audit_devices", {}, steady(1))],
    ["ExporterDown", {}],
    ["VaultNoLeader", exported("vault_has_leader", {}, steady(0))],
  ])("hides nothing of %s, and causes none", async (alert, ours) => {
    const theirs: Series = Object.assign({}, ...healthy);
    await expectAlerts(
      rules,
      alert,
      [],
      [{ series: { ...theirs, ...ours }, afterSeconds: 5 * MINUTE, fires: ONE }],
    );
    const open = exported("break_glass_incidents_open", {}, steady(1), "prod");
    await expectAlerts(rules, "BreakGlassOpen", [], [{ series: open, afterSeconds: 2 * HOUR, fires: [] }]);
  });
});

describe("BreakGlassOpen", () => {
  promtool("fires after an hour in which access was not restored", async () => {
    const open = exported("break_glass_incidents_open", {}, steady(2));
    const restored = exported("break_glass_incidents_open", {}, until(1, HOUR / 2, 0));
    await expectAlerts(
      rules,
      "BreakGlassOpen",
      [],
      [
        { series: open, afterSeconds: 55 * MINUTE, fires: [] },
        { series: open, afterSeconds: 65 * MINUTE, fires: ONE },
        { series: restored, afterSeconds: 2 * HOUR, fires: [] },
      ],
    );
  });
});

describe("ExporterDown", () => {
  const looked = (collector: string, values: string) =>
    exported("exporter_last_success_timestamp_seconds", { collector }, values);

  promtool("fires where nobody scrapes it", async () => {
    await expectAlerts(
      rules,
      "ExporterDown",
      ["collector"],
      [
        { series: {}, afterSeconds: 45, fires: [] },
        { series: {}, afterSeconds: 2 * MINUTE, fires: ONE },
      ],
    );
  });

  promtool("fires for a collector that has not succeeded three times, and names it", async () => {
    const series = { ...looked("vault", steady(0)), ...looked("kubernetes", "0+15x400") };
    const stuck: Case = { series, afterSeconds: 4 * MINUTE, fires: [{ collector: "vault" }] };
    await expectAlerts(
      rules,
      "ExporterDown",
      ["collector"],
      [{ ...stuck, afterSeconds: 90, fires: [] }, stuck],
    );
    await expectSummary(rules, "ExporterDown", stuck, "The exporter cannot look at vault.");
  });

  promtool("does not fire while all succeed", async () => {
    const series = { ...looked("vault", "0+15x400"), ...looked("kubernetes", "0+15x400") };
    await expectAlerts(rules, "ExporterDown", ["collector"], [{ series, afterSeconds: HOUR, fires: [] }]);
  });
});
