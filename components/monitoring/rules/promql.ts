import { durationText } from "../../../config/values.ts";

/** Series of one stack's exporter: the metric is named without its prefix. */
export type Exported = (metric: string, matchers?: Matchers) => string;

/** Another stack's exporter may be scraped by the same Prometheus. */
export function exportedBy(environment: string): Exported {
  return (metric, matchers = {}) => series(`vault_management_${metric}`, { environment, ...matchers });
}

/** Series of a metric: label -> its value, or those that it may have. */
export type Matchers = Readonly<Record<string, string | readonly string[]>>;

/** `metric{label="value",other=~"a|b"}`. */
export function series(metric: string, matchers: Matchers = {}): string {
  const all = Object.entries(matchers).map(([label, wanted]) => matcher(label, wanted));
  return all.length === 0 ? metric : `${metric}{${all.join(",")}}`;
}

function matcher(label: string, wanted: string | readonly string[]): string {
  const [first = "", ...others] = typeof wanted === "string" ? [wanted] : wanted;
  if (others.length === 0) return `${label}=${JSON.stringify(first)}`;
  return `${label}=~${JSON.stringify([first, ...others].map(literal).join("|"))}`;
}

/** Of what names have, only the dot means something to a regular expression. */
function literal(name: string): string {
  return name.replaceAll(".", "\\.");
}

/** One series for each combination of these labels, whichever pod or scrape it came from. */
export function maxBy(labels: readonly string[], vector: string): string {
  return `max by (${labels.join(", ")}) (${vector})`;
}

/** A range as Prometheus writes it, e.g. `[2h1m30s]`. */
export function range(seconds: number): string {
  return `[${durationText(seconds * 1_000)}]`;
}

/** As an offset, e.g. `offset 2h1m30s`. */
export function offset(seconds: number): string {
  return `offset ${durationText(seconds * 1_000)}`;
}

/**
 * Counters that have grown in the last so many seconds, summed by these labels. One that has begun in that time counts with
 * all that it has: Prometheus' own `increase` needs a sample from before the first event, and a labelled counter has none. It
 * has begun where its target was scraped without it; a scrape that failed, a gap, or a new Prometheus is no beginning.
 */
export function grown(counter: string, labels: readonly string[], seconds: number): string {
  const sum = (vector: string) => `sum by (${labels.join(", ")}) (${vector})`;
  const within = range(seconds);
  const scrapes = maxBy(["job", "instance"], `sum_over_time(up${within})`);
  const born = `${counter} and count_over_time(${counter}${within}) < on (job, instance) group_left () ${scrapes}`;
  return `${sum(`increase(${counter}${within})`)} > 0 or ${sum(born)} > 0`;
}
