import type { Sample as AnySample } from "../shared/exposition.ts";
import { counter, gauge, type Metrics } from "../shared/exposition.ts";

const secret = ["namespace", "external_secret"];

/**
 * What the exporter tells, by name without its prefix; every sample has the label `environment` besides, since two stacks may
 * share a Prometheus. docs/monitoring.md has the same table for people.
 */
export const metrics = {
  sync_lag_seconds: gauge(secret, "Since when the cluster lacks a version that Vault has; 0 when in sync"),
  sync_stale: gauge(secret, "1 where the last success is too old, or was of an earlier generation"),
  sync_last_success_timestamp_seconds: gauge(secret, "When the last successful sync began"),
  sync_ready: gauge(secret, "1 where ESO has synced and there is a value"),
  store_ready: gauge(["namespace", "store"], "1 where ESO can log in to Vault through the store"),
  rotation_age_seconds: gauge(["key"], "Age of the key that consumers read"),
  rotation_next_due_timestamp_seconds: gauge(["key"], "When that key is to be replaced"),
  rotation_overdue: gauge(["key"], "1 where it should have been replaced more than an hour ago"),
  certificate_expiry_timestamp_seconds: gauge(["namespace", "certificate"], "When the certificate ends"),
  ca_expiry_timestamp_seconds: gauge(["mount", "issuer"], "When the CA's certificate ends"),
  audit_devices: gauge([], "Audit devices that are enabled"),
  audit_failures_total: counter([], "Audit entries that Vault or a device of its could not write"),
  vault_telemetry: gauge([], "1 where Vault serves its own metrics, 0 where its configuration keeps none"),
  vault_up: gauge(["node"], "1 where the node answers"),
  vault_sealed: gauge(["node"], "1 where the node is sealed"),
  vault_leader: gauge(["node"], "1 where the node leads"),
  vault_has_leader: gauge([], "1 where a node leads"),
  vault_raft_lag_entries: gauge(["node"], "Log entries that the node is behind the leader"),
  vault_raft_last_contact_seconds: gauge(["node"], "Since the leader heard of the node"),
  vault_raft_healthy: gauge(["node"], "1 where autopilot calls the node healthy"),
  break_glass_incidents_open: gauge([], "Paths that break-glass has denied and nobody has restored"),
  exporter_last_success_timestamp_seconds: gauge(
    ["collector"],
    "When the collector last found out all it asked for",
  ),
  exporter_collection_errors_total: counter(["collector"], "Rounds in which the collector did not"),
} as const satisfies Metrics;

export type MetricName = keyof typeof metrics;

export type Sample = AnySample<MetricName>;
