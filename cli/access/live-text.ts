import type { Difference } from "../../access/live.ts";
import { codeSpan } from "../../access/words.ts";
import { counted } from "./layout.ts";
import type { LiveReport } from "./live/check.ts";
import { tableMarkdown, tableText } from "./tables.ts";

/** Differences beyond the matrix that are shown of one login: a wildcard opens them by the thousand, and `--json` has all. */
const SHOWN_BEYOND = 5;

const HEAD = ["service account", "role", "at", "expected", "found"];

/** The outcome of a live check, for a terminal. */
export function liveText(report: LiveReport): string {
  const { differences, notEnded } = report;
  return [
    askedText(report),
    ...(differences.length === 0
      ? ["All as declared."]
      : [`${counted(differences.length, "difference")}:`, tableText(HEAD, shown(differences).map(row))]),
    ...hiddenText(differences),
    ...notEnded.map((account) => `The token of ${account} could not be ended; it lives until it expires.`),
  ].join("\n");
}

/** The same as Markdown. */
export function liveMarkdown(report: LiveReport): string {
  const { differences, notEnded } = report;
  return [
    "### Access, asked of Vault",
    "",
    askedText(report),
    "",
    ...(differences.length === 0
      ? ["All as declared."]
      : [
          `**${counted(differences.length, "difference")}**`,
          "",
          ...tableMarkdown(
            HEAD,
            shown(differences).map((one) => row(one).map(codeSpan)),
          ),
        ]),
    ...hiddenText(differences).map((line) => `\n${line}`),
    ...notEnded.map(
      (account) => `\nThe token of ${codeSpan(account)} could not be ended; it lives until it expires.`,
    ),
  ].join("\n");
}

function askedText({ address, logins, asked, cells, beyond }: LiveReport): string {
  const which = asked === logins ? counted(logins, "login") : `${asked} of ${counted(logins, "login")}`;
  return (
    `Asked ${address} about ${which}: ${counted(cells, "cell")} of the matrix, and ` +
    `${beyond} answers beyond it. No value was read.`
  );
}

function row({ namespace, serviceAccount, role, at, expected, found }: Difference): readonly string[] {
  return [`${namespace}/${serviceAccount}`, role, at, expected.join(", "), found.join(", ")];
}

/** Every cell of the matrix, and the first of what lies beyond it, login by login. */
function shown(differences: readonly Difference[]): readonly Difference[] {
  return [...byLogin(differences).values()].flatMap((ofLogin) => [
    ...ofLogin.filter(({ kind }) => kind !== "beyond"),
    ...ofLogin.filter(({ kind }) => kind === "beyond").slice(0, SHOWN_BEYOND),
  ]);
}

function hiddenText(differences: readonly Difference[]): readonly string[] {
  const hidden = differences.length - shown(differences).length;
  return hidden === 0 ? [] : [`${hidden} more beyond the matrix: --json has them all.`];
}

function byLogin(differences: readonly Difference[]): ReadonlyMap<string, readonly Difference[]> {
  return Map.groupBy(differences, ({ role }) => role);
}
