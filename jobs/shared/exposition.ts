import { Counter, Gauge, Registry } from "prom-client";

/** Begins the name of every metric. */
export const PREFIX = "vault_management_";

export interface Metric {
  readonly kind: "gauge" | "counter";
  readonly labels: readonly string[];
  readonly help: string;
}

/** Metrics by name without {@link PREFIX}. */
export type Metrics = Readonly<Record<string, Metric>>;

export interface Sample<Name extends string> {
  readonly metric: Name;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

export function gauge(labels: readonly string[], help: string): Metric {
  return { kind: "gauge", labels, help };
}

export function counter(labels: readonly string[], help: string): Metric {
  return { kind: "counter", labels, help };
}

/**
 * Prometheus' text format. A metric without samples is not in it: unknown is not zero.
 * @param constant labels of every sample
 */
export async function exposition<Known extends Metrics>(
  metrics: Known,
  samples: readonly Sample<keyof Known & string>[],
  constant: Readonly<Record<string, string>> = {},
): Promise<string> {
  const registry = new Registry();
  registry.setDefaultLabels(constant);
  for (const [name, own] of Map.groupBy(samples, ({ metric }) => metric)) {
    const { kind, labels, help } = metrics[name] as Metric;
    const about = { name: `${PREFIX}${name}`, help, labelNames: [...labels], registers: [registry] };
    const made = kind === "gauge" ? new Gauge(about) : new Counter(about);
    for (const { labels: named = {}, value } of own) made.inc(named, value);
  }
  return registry.metrics();
}
