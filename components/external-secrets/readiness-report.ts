import { putCommand } from "../../cli/secrets/put-command.ts";
import type { AwaitedKind } from "./readiness-api.ts";

/** Something declared that did not become Ready in time. */
export interface Unready {
  readonly namespace: string;
  readonly kind: AwaitedKind;
  readonly name: string;
  /** The KV paths that it reads; none for a store. */
  readonly paths: readonly string[];
  /** What it asks Vault's engines for. */
  readonly requests: readonly string[];
  readonly reason: string;
  /** ESO's own words about the cause, where it gave any. */
  readonly cause?: string;
}

/**
 * What a person is told about everything that is not Ready after `timeout` (a Go duration); nothing when there is
 * nothing to tell. `stack` is the one whose values are to be put.
 */
export function unreadyReport(
  unready: readonly Unready[],
  timeout: string,
  stack: string,
): string | undefined {
  if (unready.length === 0) return undefined;
  const blocked = new Set(
    unready.filter(({ kind }) => kind === "SecretStore").map(({ namespace }) => namespace),
  );
  const heading = `${unready.length} declared object(s) not Ready after ${timeout}:`;
  return [heading, ...unready.map((one) => entry(one, blocked.has(one.namespace), stack))].join("\n");
}

function entry(
  { namespace, kind, name, paths, requests, reason, cause }: Unready,
  storeUnready: boolean,
  stack: string,
): string {
  const asked = [...paths, ...requests];
  return [
    `  ${kind} ${namespace}/${name}`,
    ...(asked.length > 0 ? [`    reads: ${asked.join(", ")}`] : []),
    `    found: ${oneLine(cause === undefined ? reason : `${reason}: ${cause}`)}`,
    `    fix:   ${fix({ kind, paths, requests }, storeUnready, stack)}`,
  ].join("\n");
}

/** Vault's errors come with blank lines in them. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

function fix(
  { kind, paths, requests }: Pick<Unready, "kind" | "paths" | "requests">,
  storeUnready: boolean,
  stack: string,
): string {
  if (kind === "SecretStore") {
    return "see that the operator runs, reaches Vault's address and trusts its CA, and that the Vault role binds this service account";
  }
  if (storeUnready) return "mend this namespace's SecretStore first";
  if (paths.length === 0 && requests.length > 0) {
    return "see that Vault's engine answers these requests: what stands behind it must be up and set up; then run up again";
  }
  const puts = paths.map((path) => putCommand(path, stack)).join("; ");
  return `if the value is missing, put it: ${puts}; then run up again`;
}
