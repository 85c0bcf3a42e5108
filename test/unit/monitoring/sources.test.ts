import { describe, expect, it } from "vitest";
import { MONITORING_KINDS, type MonitoringKind } from "../../../components/monitoring/names.ts";
import { monitoringNotes } from "../../../components/monitoring/notes.ts";
import { missingSources } from "../../../components/monitoring/rules/sources.ts";
import { settingsOf, settingsWith } from "../arbitrary-settings.ts";
import { everything, rulesOf, watched } from "./declarations.ts";

const all = Object.keys(MONITORING_KINDS) as MonitoringKind[];
const alertsOf = (monitoring: object) => new Set(rulesOf(watched(monitoring)).map(({ alert }) => alert));
const full = alertsOf(everything);

describe("what a stack goes without", () => {
  it.each([
    ["the exporter", { ...everything, exporter: undefined }],
    ["the nodes' addresses", { ...everything, vault: {} }],
    ["audit readers", { ...everything, auditReaders: [] }],
    ["all of them", { prometheusRules: true }],
  ])("is left out and named, without %s: no alert that could never fire", (_what, monitoring) => {
    const left = missingSources(watched(monitoring)).flatMap(({ alerts }) => alerts);
    const whole = left.filter((alert) => !alert.includes(" "));
    const absent = [...full].filter((alert) => !alertsOf(monitoring).has(alert));
    // Whether the exporter itself is there only matters where there is one.
    expect(absent.filter((alert) => alert !== "ExporterDown").toSorted()).toEqual(whole.toSorted());
  });

  it("names nothing where everything is declared, or cannot go wrong", () => {
    expect(missingSources(watched())).toEqual([]);
    const { alerts = [] } = missingSources(settingsWith(["monitoring"], { prometheusRules: true }))[0] ?? {};
    expect(alerts).not.toContain("RotationOverdue");
    expect(alerts).not.toContain("CertificateNearExpiry");
    expect(alerts).not.toContain("CertificateAuthorityNearExpiry");
  });
});

describe("what a preview says", () => {
  it("is nothing where nothing is asked for, and nothing where all can be made", () => {
    expect(monitoringNotes(settingsOf("dev"), [])).toEqual([]);
    const { monitoring } = settingsOf("dev");
    expect(monitoringNotes({ ...settingsOf("prod"), monitoring }, [])).toEqual([
      expect.stringMatching(/^No alert tells of a use of break-glass.*monitoring\.prometheusRules: true/),
    ]);
    expect(monitoringNotes(watched(), all)).toEqual([]);
  });

  it("is each kind that the cluster lacks, with the field that asks for it", () => {
    expect(monitoringNotes(watched(), [])).toEqual([
      expect.stringMatching(
        /^monitoring\.prometheusRules makes no PrometheusRule: .* prometheusrules\.monitoring\.coreos\.com .* v1;/,
      ),
      expect.stringMatching(/^monitoring\.serviceMonitors makes no ServiceMonitor: /),
      expect.stringMatching(/^monitoring\.serviceMonitors makes no ScrapeConfig: .* v1alpha1;/),
    ]);
  });

  it("is which alerts are left out, why, and what to declare", () => {
    const notes = monitoringNotes(watched({ prometheusRules: true }), all);
    expect(notes).toHaveLength(3);
    expect(notes[2]).toMatch(/^No alert BreakGlassUsed, .*: no audit reader .*; .*monitoring\.auditReaders/);
  });

  it("is that there is nowhere to put it, with another's operator and no exporter", () => {
    const dev = watched({ prometheusRules: true });
    const existing = { ...dev, externalSecrets: { ...dev.externalSecrets, mode: "existing" as const } };
    expect(monitoringNotes(existing, all)).toEqual([expect.stringContaining("monitoring.exporter: {}")]);
  });
});
