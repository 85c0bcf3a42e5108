import { plain } from "../audit/output/plain.ts";
import type { Rotation, Secret, StatusDocument, VaultNode } from "./document.ts";
import type { Paint } from "./palette.ts";
import { counted, spanText, timeText } from "./words.ts";

const NOT_SEEN = "not seen";

/** Where the text of a line begins. */
const COLUMN = 14;
const CONTINUED = " ".repeat(COLUMN);

/** A line for each part, whether or not something is wrong with it. */
export function areaLines(report: StatusDocument, paint: Paint): readonly string[] {
  const lines: readonly (readonly [string, string])[] = [
    ["Vault", report.vault.nodes.map((node) => nodeText(node, paint)).join(", ")],
    ["raft", orNotSeen(report.vault.raft, raftText, paint)],
    ["audit", orNotSeen(report.auditDevices, (names) => names.join(", ") || "no device", paint)],
    ["ESO", orNotSeen(report.eso, esoText, paint)],
    ["stores", orNotSeen(report.stores, storesText, paint)],
    ["secrets", orNotSeen(report.secrets, (all) => secretsText(all, paint), paint)],
    ["rotations", orNotSeen(report.rotations, (all) => rotationsText(all, report.at), paint)],
    ["certificates", orNotSeen(report.certificates, (all) => certificatesText(all, report.at), paint)],
    ["break-glass", orNotSeen(report.breakGlass, ({ open }) => incidentsText(open, paint), paint)],
    ["alerts", alertsText(report, paint)],
  ];
  return lines.map(([name, text]) => `${name.padEnd(COLUMN)}${text}`);
}

function orNotSeen<T>(value: T | null, text: (value: T) => string, paint: Paint): string {
  return value === null ? paint("warn", NOT_SEEN) : text(value);
}

function nodeText({ name, state, version }: VaultNode, paint: Paint): string {
  const good = state === "active" || state === "standby";
  const said = good ? state : paint("bad", state.toUpperCase());
  return `${plain(name)} ${said}${version === null ? "" : ` (${plain(version)})`}`;
}

function raftText({
  healthy,
  leader,
  voters,
  failureTolerance,
}: NonNullable<StatusDocument["vault"]["raft"]>): string {
  return (
    `${healthy ? "healthy" : "unhealthy"}, leader ${leader === null ? "unknown" : plain(leader)}, ${counted(voters, "voter")}, ` +
    `${failureTolerance} of them may be lost`
  );
}

function esoText({ available, desired, version }: NonNullable<StatusDocument["eso"]>): string {
  return `${available} of ${desired} ready${version === null ? "" : `, ${plain(version)}`}`;
}

function storesText(stores: NonNullable<StatusDocument["stores"]>): string {
  return `${stores.filter(({ ready }) => ready).length} of ${stores.length} ready`;
}

const ORDER: readonly Secret["state"][] = ["failing", "missing", "pending", "stale", "lagging", "waiting"];

function secretsText(secrets: readonly Secret[], paint: Paint): string {
  const count = (state: Secret["state"]) => secrets.filter((one) => one.state === state).length;
  const others = ORDER.filter((state) => count(state) > 0).map((state) => {
    const text = `${count(state)} ${state}${state === "waiting" ? " for their next refresh" : ""}`;
    return state === "waiting" ? text : paint("bad", text);
  });
  return [`${count("synced")} of ${secrets.length} in sync`, ...others].join(", ");
}

function incidentsText(open: number, paint: Paint): string {
  return open === 0 ? "no incident open" : paint("bad", `${counted(open, "incident")} open`);
}

/** Keys that a person is shown one by one: those whose turn comes first. */
const SHOWN_KEYS = 5;

function rotationsText(rotations: NonNullable<StatusDocument["rotations"]>, at: string): string {
  if (rotations.length === 0) return "none declared";
  const count = (holds: (one: Rotation) => boolean) => rotations.filter(holds).length;
  const overdue = count(({ overdueSince }) => overdueSince !== null);
  const failed = count(({ failure }) => failure !== null);
  const summary = [
    counted(rotations.length, "key"),
    ...(overdue === 0 ? [] : [`${overdue} overdue`]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ].join(", ");
  const keys = rotations.toSorted((a, b) => dueMs(a) - dueMs(b)).slice(0, SHOWN_KEYS);
  const hidden = rotations.length - keys.length;
  return [
    summary,
    ...keys.map((one) => keyText(one, at)),
    ...(hidden > 0 ? [`and ${hidden} more, due later: --json has all`] : []),
  ].join(`\n${CONTINUED}`);
}

function keyText({ key, liveSince, nextRun }: Rotation, at: string): string {
  const since = liveSince === null ? "never rotated" : `live for ${span(liveSince, at)}`;
  return `${key} ${since}, ${nextRun === null ? "no next run" : `next due in ${span(at, nextRun)} (${timeText(nextRun)})`}`;
}

function dueMs({ nextRun }: Rotation): number {
  return nextRun === null ? Number.POSITIVE_INFINITY : Date.parse(nextRun);
}

function certificatesText(certificates: NonNullable<StatusDocument["certificates"]>, at: string): string {
  if (certificates.length === 0) return "none declared";
  const first = certificates
    .filter(({ expires }) => expires !== null)
    .toSorted((a, b) => Date.parse(a.expires ?? "") - Date.parse(b.expires ?? ""))[0];
  const good = certificates.filter(({ state }) => state === "good").length;
  return [
    `${good} of ${certificates.length} good`,
    ...(first?.expires
      ? [
          `first to end ${first.namespace}/${first.name} in ${span(at, first.expires)} (${timeText(first.expires)})`,
        ]
      : []),
  ].join(", ");
}

function alertsText({ alerts, unseen }: StatusDocument, paint: Paint): string {
  if (alerts === null) {
    const failed = unseen.some(({ areas }) => areas.includes("alerts"));
    return failed
      ? paint("warn", NOT_SEEN)
      : "nobody was asked (monitoring.prometheusAddress, or --prometheus <url>)";
  }
  const { firing, rules, askedAt } = alerts;
  const names = [...new Set(firing.map(({ name }) => name))].sort();
  const said =
    names.length === 0
      ? "none firing"
      : paint("bad", `${counted(firing.length, "alert")} firing: ${plain(names.join(", "))}`);
  return `${said}, of ${counted(rules, "rule")} (${askedAt})`;
}

function span(from: string, until: string): string {
  return spanText(Date.parse(until) - Date.parse(from));
}
