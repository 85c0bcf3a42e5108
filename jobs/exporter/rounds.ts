import { messageOf } from "./in-groups.ts";
import type { Sample } from "./metrics.ts";
import { type Collector, type Found, nothingSeen, type Seen } from "./seen.ts";

interface Standing {
  readonly lastSuccess?: Date;
  readonly errors: number;
  /** Why it found not all, the last time; empty where it did. */
  readonly failures: readonly string[];
}

const unheard: Standing = { errors: 0, failures: [] };

/** Tells a collector's failure when it begins or changes, and its end: not every minute the same. */
export type Tell = (collector: string, failures: readonly string[]) => void;

/** Looks at everything, round by round. What a collector cannot find out leaves what it knew, and stops no other. */
export class Rounds {
  readonly #collectors: Readonly<Record<string, Collector>>;
  readonly #tell: Tell;
  readonly #records = new Map<string, Standing>();
  #seen: Seen = nothingSeen;
  #done = 0;

  constructor(collectors: Readonly<Record<string, Collector>>, tell: Tell) {
    this.#collectors = collectors;
    this.#tell = tell;
  }

  get seen(): Seen {
    return this.#seen;
  }

  /** How many rounds have ended. */
  get done(): number {
    return this.#done;
  }

  async round(): Promise<void> {
    await Promise.all(Object.entries(this.#collectors).map((one) => this.#collect(...one)));
    this.#done += 1;
  }

  /** How each collector fares. */
  samples(): readonly Sample[] {
    return Object.keys(this.#collectors).flatMap((collector): readonly Sample[] => {
      const { errors, lastSuccess } = this.#records.get(collector) ?? unheard;
      const labels = { collector };
      return [
        { metric: "exporter_collection_errors_total", labels, value: errors },
        {
          metric: "exporter_last_success_timestamp_seconds",
          labels,
          // Without a series, one that never succeeds would be told of by nobody.
          value: (lastSuccess?.getTime() ?? 0) / 1_000,
        },
      ];
    });
  }

  async #collect(name: string, collector: Collector): Promise<void> {
    const { seen, failures = [] } = await collector(this.#seen).catch(
      (error: unknown): Found => ({ seen: {}, failures: [messageOf(error)] }),
    );
    this.#seen = { ...this.#seen, ...seen };
    const before = this.#records.get(name) ?? unheard;
    const failed = failures.length > 0;
    this.#records.set(name, {
      ...before,
      failures,
      errors: before.errors + (failed ? 1 : 0),
      ...(failed ? {} : { lastSuccess: new Date() }),
    });
    if (failures.join("\n") !== before.failures.join("\n")) this.#tell(name, failures);
  }
}
