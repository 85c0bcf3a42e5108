import { durationMs } from "../../config/values.ts";
import type { LogName } from "./log/input.ts";

export interface AuditOptions {
  readonly stack: string;
  readonly since?: string;
  readonly vaultLog?: readonly string[];
  readonly kubernetesLog?: readonly string[];
  readonly json?: true;
  readonly matchValue?: true;
}

/**
 * The moment that `--since` means, in ms since 1970: an RFC 3339 time, or a Go duration before now.
 * @throws Error for anything else, and for a time to come
 */
export function sinceMs(text: string, nowMs: number): number {
  const duration = durationMs(text);
  const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/.test(text);
  const moment = Number.isNaN(duration) ? (rfc3339 ? Date.parse(text) : Number.NaN) : nowMs - duration;
  if (Number.isNaN(moment)) {
    throw new Error(
      `--since ${text} is neither a duration (30m, 24h, 168h; units ms, s, m, h) nor a time with a zone, e.g. 2026-11-24T03:00:00Z`,
    );
  }
  if (moment > nowMs) throw new Error(`--since ${text} is yet to come, so nothing can be since then`);
  return moment;
}

/**
 * The logs that the options name; standard input when they name none.
 * @throws Error when standard input would have to be a log and the value to look for
 */
export function logNames({
  vaultLog = [],
  kubernetesLog = [],
  matchValue,
}: AuditOptions): readonly LogName[] {
  const named: readonly LogName[] = [
    ...vaultLog.map((name) => ({ name, kind: "vault" as const })),
    ...kubernetesLog.map((name) => ({ name, kind: "kubernetes" as const })),
  ];
  const names = named.length === 0 ? [{ name: "-" }] : named;
  if (matchValue && names.some(({ name }) => name === "-")) {
    throw new Error(
      "--match-value takes the value from standard input or a prompt, so the logs must be files: --vault-log <file...>",
    );
  }
  const stdins = names.filter(({ name }) => name === "-");
  // Both kinds may come through standard input together; the lines say which they are.
  return stdins.length > 1 ? [...names.filter(({ name }) => name !== "-"), { name: "-" }] : names;
}
