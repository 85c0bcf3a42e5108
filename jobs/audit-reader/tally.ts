import { type Access, type Fields, fields, textOf } from "../../audit/entry/access.ts";
import { parseLine } from "../../audit/entry/entry.ts";
import type { Sample } from "../shared/exposition.ts";
import type { MetricName } from "./metrics.ts";

/** Requests whose answer may still come; a request has two entries, and is counted once. */
const MOST_REQUESTS = 10_000;

/** A policy that the break-glass commands attach, and those of their own operators: access/operators/names.ts. */
const DENYING = /^vault-management\.[^.]+\.denied-\d+$/;
const BREAK_GLASS = /^vault-management\.[^.]+\.(break-glass(?:-restore)?)$/;

/** What was counted for a request, by its id. */
type Counted = Set<"denied" | "used">;

/** Counts an audit log's entries. Nothing of an entry is kept but what stands in a label, and no label holds what a client chose. */
export class Tally {
  readonly #counts = new Map<string, Sample<MetricName>>();
  readonly #requests = new Map<string, Counted>();
  #newestMs: number | undefined;

  constructor() {
    // A counter that is there from the start shows its first increase.
    this.#count("root_requests_total", {}, 0);
    for (const operator of ["break-glass", "break-glass-restore"]) {
      this.#count("break_glass_requests_total", { operator }, 0);
    }
  }

  /** Takes one line of the log; what is no entry of Vault's is passed over. */
  take(line: string): void {
    const { entry } = parseLine(line);
    if (entry?.access.source !== "vault") return;
    const { access, raw } = entry;
    if (!Number.isNaN(access.writtenMs)) this.#newestMs = Math.max(this.#newestMs ?? 0, access.writtenMs);
    const counted = this.#remember(access.id);
    if (access.outcome === "denied" && !counted.has("denied")) {
      counted.add("denied");
      this.#count("denied_requests_total", deniedLabels(access, raw));
    }
    if (!counted.has("used")) this.#countUse(access, counted);
  }

  samples(): readonly Sample<MetricName>[] {
    const newest = this.#newestMs;
    return [
      ...this.#counts.values(),
      ...(newest === undefined
        ? []
        : [{ metric: "audit_reader_last_entry_timestamp_seconds", value: newest / 1_000 } as const]),
    ];
  }

  #countUse({ who }: Access, counted: Counted): void {
    const operators = breakGlassOperators(who.policies);
    const root = who.policies?.includes("root") === true;
    if (operators.length > 0 || root) counted.add("used");
    for (const operator of operators) this.#count("break_glass_requests_total", { operator });
    if (root) this.#count("root_requests_total", {});
  }

  #count(metric: MetricName, labels: Readonly<Record<string, string>>, by = 1): void {
    const key = `${metric} ${JSON.stringify(labels)}`;
    const before = this.#counts.get(key)?.value ?? 0;
    this.#counts.set(key, { metric, labels, value: before + by });
  }

  #remember(id: string): Counted {
    const known = this.#requests.get(id);
    if (known !== undefined) return known;
    const oldest = this.#requests.size >= MOST_REQUESTS ? this.#requests.keys().next().value : undefined;
    if (oldest !== undefined) this.#requests.delete(oldest);
    const counted: Counted = new Set();
    this.#requests.set(id, counted);
    return counted;
  }
}

function deniedLabels(access: Access, raw: Fields): Readonly<Record<string, string>> {
  const auth = fields(raw.auth);
  const identityPolicies = Array.isArray(auth.identity_policies) ? auth.identity_policies.map(String) : [];
  return {
    // A path without a mount is whatever the client wrote.
    mount: textOf(fields(raw.request).mount_point)?.replace(/\/$/, "") ?? "none",
    operation: access.operation,
    login: loginOf(access),
    denied: identityPolicies.some((policy) => DENYING.test(policy)) ? "break-glass" : "unexpected",
  };
}

/** By its role, else by its most telling policy: names that an operator chose. */
function loginOf({ who: { role, policies = [] } }: Access): string {
  if (role !== undefined) return role;
  const telling = policies.filter((policy) => policy !== "default");
  const [operator] = breakGlassOperators(telling);
  return operator ?? telling.toSorted()[0] ?? "nobody";
}

function breakGlassOperators(policies: readonly string[] = []): readonly string[] {
  return [...new Set(policies.flatMap((policy) => BREAK_GLASS.exec(policy)?.[1] ?? []))];
}
