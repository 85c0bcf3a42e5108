import { isUtf8 } from "node:buffer";
import { type LogKind, parseLine } from "../../../audit/entry/entry.ts";

const FLAG: Readonly<Record<LogKind, string>> = { vault: "--vault-log", kubernetes: "--kubernetes-log" };

const TITLE: Readonly<Record<LogKind, string>> = {
  vault: "Vault's audit log",
  kubernetes: "a Kubernetes audit log",
};

/** Vault's own log, which a device on stdout is mixed with; a standby node's has no audit entry at all. */
const SERVER_LOG = /^(?:==> Vault|\d{4}-\d\d-\d\dT\S+ \[(?:TRACE|DEBUG|INFO|WARN|ERROR)\]|\{"@level":)/;

/** How an entry begins that was cut off. */
const ENTRY = /^\{"(?:auth|error|request|kind)":/;

/**
 * Whether a log begins like one.
 * @param head the first bytes, uncompressed
 * @param kind what the operator said it is
 * @returns time of the first entry in ms since 1970, -Infinity where there is none yet
 * @throws Error that says what it is instead
 */
export function judgeHead(head: Buffer, kind: LogKind | undefined): number {
  if (isBinary(head)) throw new Error("is binary (neither text, gzip nor zstd), not an audit log");
  const lines = head.toString("utf8").split("\n");
  for (const line of lines) {
    const access = line.startsWith("{") ? parseLine(line).entry?.access : undefined;
    if (access === undefined) continue;
    if (kind !== undefined && access.source !== kind) {
      throw new Error(`is ${TITLE[access.source]}: give it with ${FLAG[access.source]}`);
    }
    return access.writtenMs;
  }
  const plausible = lines.some(
    (line) => ENTRY.test(line) || (kind !== "kubernetes" && SERVER_LOG.test(line)),
  );
  if (plausible) return Number.NEGATIVE_INFINITY;
  throw new Error(
    `is not an audit log: no line of its first ${Math.ceil(head.length / 1024)} KiB is an entry of ` +
      "Vault (JSON with type, time and request) or Kubernetes (audit.k8s.io/v1)",
  );
}

/** The last bytes may be the beginning of a longer character. */
function isBinary(head: Buffer): boolean {
  if (head.includes(0)) return true;
  return ![0, 1, 2, 3].some((cut) => isUtf8(head.subarray(0, head.length - cut)));
}
