import { describe, expect, it } from "vitest";
import { secretState } from "../../../freshness/kv-metadata.ts";
import { metrics } from "../../../jobs/exporter/metrics.ts";
import { samplesOf } from "../../../jobs/exporter/samples.ts";
import { nothingSeen, type Seen } from "../../../jobs/exporter/seen.ts";
import { exposition } from "../../../jobs/shared/exposition.ts";
import { object, specOf } from "./specs.ts";

const spec = specOf();
const now = new Date("2026-11-24T12:00:00Z");
const state = (createdTime: string) =>
  secretState({ current_version: 1, versions: { 1: { created_time: createdTime, deletion_time: "" } } }, now);

const cluster: Partial<Seen> = {
  namespaces: new Set(["llm", "user"]),
  externalSecrets: new Map([
    ["llm/openai-api-key", object("openai-api-key", true, "2026-11-24T11:00:00Z")],
    ["llm/gateway-tls", object("gateway-tls", true, "2026-11-24T11:00:00Z")],
  ]),
  stores: new Map([["llm/vault-store", object("vault-store", true)]]),
};
const vault: Partial<Seen> = {
  metadata: new Map([
    ["kv/metadata/llm/openai", state("2026-11-24T11:50:00Z")],
    ["kv/metadata/rotation/openai-llm", secretState(undefined, now)],
  ]),
};

function told(seen: Partial<Seen>, at = now): Readonly<Record<string, number>> {
  const samples = samplesOf(spec, { ...nothingSeen, ...seen }, at);
  return Object.fromEntries(
    samples.map(({ metric, labels = {}, value }) => [[metric, ...Object.values(labels)].join(" "), value]),
  );
}

describe("what the exporter tells", () => {
  it("is nothing before it has seen something: unknown is not zero", () => {
    expect(told({})).toEqual({});
  });

  it("is how fresh a secret is", () => {
    expect(told({ ...cluster, ...vault })).toMatchObject({
      "sync_ready llm openai-api-key": 1,
      "sync_stale llm openai-api-key": 0,
      "sync_lag_seconds llm openai-api-key": 600,
      "sync_last_success_timestamp_seconds llm openai-api-key": Date.parse("2026-11-24T11:00:00Z") / 1_000,
    });
  });

  it("goes on growing while nobody can be asked: what was seen is judged by the clock of now", () => {
    const later = told({ ...cluster, ...vault }, new Date("2026-11-24T14:30:00Z"));
    expect(later).toMatchObject({
      "sync_lag_seconds llm openai-api-key": 9_600,
      "sync_stale llm openai-api-key": 1,
    });
  });

  it("leaves the lag out while Vault has not been asked, and tells the rest", () => {
    const { "sync_lag_seconds llm openai-api-key": lag, ...rest } = told(cluster);
    expect(lag).toBeUndefined();
    expect(rest).toMatchObject({ "sync_ready llm openai-api-key": 1 });
  });

  it("is that a declared secret or store is missing, where its namespace was looked at", () => {
    const empty = told({ ...cluster, externalSecrets: new Map(), stores: new Map() });
    expect(empty).toMatchObject({
      "sync_ready llm openai-api-key": 0,
      "sync_stale llm openai-api-key": 1,
      "store_ready llm vault-store": 0,
    });
    expect(told({ ...cluster, namespaces: new Set() })).toEqual({});
  });

  it("is when a certificate ends: its ttl after the sync that brought it", () => {
    expect(told(cluster)["certificate_expiry_timestamp_seconds llm gateway-tls"]).toBe(
      Date.parse("2026-11-27T11:00:00Z") / 1_000,
    );
  });

  it("is when each CA ends, as far as it was seen", () => {
    const authorities = new Map([["pki-int/issuer/int-g1/json", new Date("2031-11-24T12:00:00Z")]]);
    expect(told({ authorities })).toEqual({
      "ca_expiry_timestamp_seconds pki-int int-g1": Date.parse("2031-11-24T12:00:00Z") / 1_000,
    });
  });

  it("is how old a rotated key is, when it is due, and whether it is overdue", () => {
    const keys = told(vault);
    expect(keys).toMatchObject({ "rotation_age_seconds openai-llm": 600, "rotation_overdue openai-llm": 0 });
    expect(keys["rotation_next_due_timestamp_seconds openai-llm"]).toBeGreaterThan(now.getTime() / 1_000);
    expect(told(vault, new Date("2026-12-08T12:00:00Z"))["rotation_overdue openai-llm"]).toBe(1);
  });

  it("does not call a rotation overdue that is younger than its key", () => {
    const old = new Map([
      ...(vault.metadata ?? []),
      ["kv/metadata/llm/openai", state("2026-01-01T00:00:00Z")] as const,
    ]);
    expect(told({ metadata: old })["rotation_overdue openai-llm"]).toBe(1);
    const cronJobs = new Map([["vault-rotation/rotate-openai-llm", "2026-11-24T11:00:00Z"]]);
    expect(told({ metadata: old, cronJobs })["rotation_overdue openai-llm"]).toBe(0);
  });

  it("is each node as it answers, and of one that is down nothing of its seal", () => {
    const seen = told({
      nodes: [
        { node: "vault-0", up: true, sealed: false, leader: true },
        { node: "vault-1", up: false, leader: false },
      ],
      hasLeader: true,
      raft: [{ node: "vault-0", healthy: true, lagEntries: 0, lastContactSeconds: 0.02 }],
      auditDevices: 2,
      telemetry: false,
      openIncidents: 0,
    });
    expect(seen).toEqual({
      "vault_up vault-0": 1,
      "vault_sealed vault-0": 0,
      "vault_leader vault-0": 1,
      "vault_up vault-1": 0,
      "vault_leader vault-1": 0,
      vault_has_leader: 1,
      "vault_raft_healthy vault-0": 1,
      "vault_raft_lag_entries vault-0": 0,
      "vault_raft_last_contact_seconds vault-0": 0.02,
      audit_devices: 2,
      vault_telemetry: 0,
      break_glass_incidents_open: 0,
    });
  });
});

describe("the text for Prometheus", () => {
  it("has each metric with its labels, and no metric without a sample", async () => {
    const text = await exposition(metrics, samplesOf(spec, { ...nothingSeen, ...cluster, ...vault }, now));
    expect(text).toContain(
      'vault_management_sync_lag_seconds{namespace="llm",external_secret="openai-api-key"} 600\n',
    );
    expect(text).toContain("# TYPE vault_management_sync_lag_seconds gauge\n");
    expect(text).not.toContain("audit_devices");
  });

  it("has a constant label in each sample, with its own and without", async () => {
    const samples = samplesOf(spec, { ...nothingSeen, ...cluster, ...vault, auditDevices: 2 }, now);
    const lines = (await exposition(metrics, samples, { environment: "dev" })).split("\n");
    const told = lines.filter((line) => line !== "" && !line.startsWith("#"));
    expect(told.filter((line) => !line.includes('environment="dev"'))).toEqual([]);
    expect(told.length).toBeGreaterThan(5);
  });

  it("calls a counter one", async () => {
    const text = await exposition(metrics, [{ metric: "audit_failures_total", value: 3 }]);
    expect(text).toContain("# TYPE vault_management_audit_failures_total counter\n");
    expect(text).toContain("vault_management_audit_failures_total 3\n");
  });
});
