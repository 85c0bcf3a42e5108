import { type Exported, exportedBy } from "../rules/promql.ts";
import { count, graph, type PanelBuilder, states } from "./panels.ts";

/** Panels of one concern. */
export interface Row {
  readonly title: string;
  readonly panels: readonly PanelBuilder[];
}

const SECRET = "{{namespace}}/{{external_secret}}";

/** A sum that is 0, not empty, where no series matches but there are some. */
const countOf = (series: string, wanted: string) =>
  `count(max by (namespace, external_secret) (${series}) ${wanted}) or 0 * count(${series})`;

const sync = (environment: string, exported: Exported): Row => ({
  title: "Sync",
  panels: [
    count("Not Ready", "ExternalSecrets that ESO cannot sync.", countOf(exported("sync_ready"), "== 0")),
    count(
      "Stale",
      "Last synced longer ago than twice the refresh interval, or not as declared now.",
      countOf(exported("sync_stale"), "== 1"),
    ),
    count(
      "Behind Vault",
      "The cluster holds an older version than Vault. One refresh interval of it is usual.",
      countOf(exported("sync_lag_seconds"), "> 0"),
    ),
    count(
      "Alerts firing",
      "Of this stack, by whatever Prometheus evaluates.",
      `count(ALERTS{alertstate="firing",environment="${environment}"}) or vector(0)`,
    ),
    graph("Behind Vault", "Age of the newest version that has not been synced.", "s", {
      [SECRET]: `max by (namespace, external_secret) (${exported("sync_lag_seconds")}) > 0`,
    }),
    graph("Since the last sync", "Rises to the refresh interval, and falls.", "s", {
      [SECRET]: `time() - max by (namespace, external_secret) (${exported("sync_last_success_timestamp_seconds")})`,
    }),
    graph("Syncs", "By ESO's own count.", "cps", {
      "all {{namespace}}": "sum by (namespace) (rate(externalsecret_sync_calls_total[$__rate_interval]))",
      "failed {{namespace}}": "sum by (namespace) (rate(externalsecret_sync_calls_error[$__rate_interval]))",
    }),
    graph("Time of a sync", "Of the last one, as ESO measured it.", "ns", {
      "{{namespace}}/{{name}}": "max by (namespace, name) (externalsecret_reconcile_duration)",
    }),
  ],
});

const stores = (exported: Exported): Row => ({
  title: "Stores",
  panels: [
    states(
      "SecretStores",
      "Green while ESO can log in to Vault for the namespace.",
      "{{namespace}}/{{store}}",
      `max by (namespace, store) (${exported("store_ready")})`,
    ),
    graph("Stores that ESO calls not Ready", "By ESO's own condition.", "short", {
      "{{namespace}}/{{name}}":
        'max by (namespace, name) (secretstore_status_condition{condition="Ready",status="False"})',
    }),
  ],
});

const rotations = (exported: Exported): Row => ({
  title: "Rotations",
  panels: [
    graph("Age of each key", "Since it was promoted.", "s", {
      "{{key}}": `max by (key) (${exported("rotation_age_seconds")})`,
    }),
    graph("Until the next rotation", "Below zero it is late.", "s", {
      "{{key}}": `max by (key) (${exported("rotation_next_due_timestamp_seconds")}) - time()`,
    }),
  ],
});

const certificates = (exported: Exported): Row => ({
  title: "Certificates",
  panels: [
    graph("Life left", "Renewed with a third of it left.", "s", {
      "{{namespace}}/{{certificate}}": `max by (namespace, certificate) (${exported("certificate_expiry_timestamp_seconds")}) - time()`,
    }),
    graph("Life of the CAs left", "With less than a certificate is to live, that is not renewed.", "s", {
      "{{mount}}/{{issuer}}": `max by (mount, issuer) (${exported("ca_expiry_timestamp_seconds")}) - time()`,
    }),
  ],
});

const vault = (exported: Exported): Row => ({
  title: "Vault",
  panels: [
    states("Nodes", "Green while the node answers.", "{{node}}", `max by (node) (${exported("vault_up")})`),
    states(
      "Unsealed",
      "Green while the node is not sealed.",
      "{{node}}",
      `1 - max by (node) (${exported("vault_sealed")})`,
    ),
    states(
      "Leader",
      "Green is the node that leads.",
      "{{node}}",
      `max by (node) (${exported("vault_leader")})`,
    ),
    graph("Behind the leader", "Entries of the log that a node has not taken yet.", "short", {
      "{{node}}": `max by (node) (${exported("vault_raft_lag_entries")})`,
    }),
    graph("Audit devices", "With fewer than two, the next failure is an outage.", "short", {
      enabled: `max(${exported("audit_devices")})`,
      "failures since Vault started": `max(${exported("audit_failures_total")})`,
    }),
    graph("Since the exporter last looked", "By what it looks at.", "s", {
      "{{collector}}": `time() - max by (collector) (${exported("exporter_last_success_timestamp_seconds")})`,
    }),
  ],
});

const breakGlass = (exported: Exported): Row => ({
  title: "Break-glass",
  panels: [
    count(
      "Open incidents",
      "Paths that are denied to their readers.",
      `max(${exported("break_glass_incidents_open")})`,
    ),
    count(
      "Uses in 24 hours",
      "Requests with break-glass rights, drills included.",
      "sum(increase(vault_management_break_glass_requests_total[24h]))",
    ),
    count(
      "Root token in 24 hours",
      "Requests with a root token.",
      "sum(increase(vault_management_root_requests_total[24h]))",
    ),
    count(
      "Denied in 24 hours",
      "Requests that Vault refused, those on purpose left out.",
      'sum(increase(vault_management_denied_requests_total{denied="unexpected"}[24h]))',
    ),
    graph("Denied requests", "By who asked, and whether break-glass denies it on purpose.", "cps", {
      "{{login}} {{operation}} {{mount}} ({{denied}})":
        "sum by (login, operation, mount, denied) (rate(vault_management_denied_requests_total[$__rate_interval]))",
    }),
    graph("Since the last audit entry", "By reader; of standby nodes none is expected.", "s", {
      "{{instance}}": "time() - vault_management_audit_reader_last_entry_timestamp_seconds",
    }),
  ],
});

/** Top to bottom. */
export function rows(environment: string): readonly Row[] {
  const exported = exportedBy(environment);
  return [
    sync(environment, exported),
    ...[stores, rotations, certificates, vault, breakGlass].map((row) => row(exported)),
  ];
}
