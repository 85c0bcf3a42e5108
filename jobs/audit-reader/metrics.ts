import { counter, gauge, type Metrics } from "../shared/exposition.ts";

/** What an audit reader tells, by name without its prefix. docs/monitoring.md has the same table for people. */
export const metrics = {
  denied_requests_total: counter(
    ["mount", "operation", "login", "denied"],
    "Requests that Vault refused for want of a right",
  ),
  break_glass_requests_total: counter(["operator"], "Requests with a token of a break-glass operator"),
  root_requests_total: counter([], "Requests with a root token"),
  audit_reader_last_entry_timestamp_seconds: gauge([], "Time of the newest entry that was read"),
} as const satisfies Metrics;

export type MetricName = keyof typeof metrics;
