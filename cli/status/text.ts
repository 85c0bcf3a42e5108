import { plain } from "../audit/output/plain.ts";
import { areaLines } from "./area-text.ts";
import { AREAS, type Area, type Finding, type StatusDocument } from "./document.ts";
import type { Paint } from "./palette.ts";
import { AREA_NAMES, counted, sinceText, timeText } from "./words.ts";

/** Findings of one part that a person is shown: what they have in common is seen in these. */
const SHOWN = 5;

/** One screen: what is wrong first, with what to do about it; then what could not be seen; then everything, a line each. */
export function statusText(report: StatusDocument, paint: Paint): string {
  return [
    headline(report, paint),
    ...section(findingLines(report, paint)),
    ...section(report.unseen.map((one) => unseenLine(one, paint))),
    "",
    ...areaLines(report, paint),
  ].join("\n");
}

function headline(
  { environment, state, findings, unseen, at, tookMs }: StatusDocument,
  paint: Paint,
): string {
  const count = (severity: Finding["severity"]) => findings.filter((one) => one.severity === severity).length;
  const critical = count("critical");
  const warnings = count("warning");
  const parts = [
    ...(critical === 0 ? [] : [paint("bad", `${critical} critical`)]),
    ...(warnings === 0 ? [] : [paint("warn", counted(warnings, "warning"))]),
    ...(unseen.length === 0 ? [] : [paint("warn", "not all of it could be seen")]),
  ];
  const verdict =
    state === "unseen"
      ? paint("bad", "neither Vault nor Kubernetes could be looked at")
      : parts.join(", ") || paint("good", "all is well");
  const when = paint("faint", `${timeText(at)}, looked for ${(tookMs / 1_000).toFixed(1)} s`);
  return `${paint("strong", environment)}: ${verdict}   ${when}`;
}

/** The most urgent first; of the many that one cause may have, a few of each part. */
function findingLines({ findings, at }: StatusDocument, paint: Paint): readonly string[] {
  const of = (area: Area) => findings.filter((one) => one.area === area);
  const shown = findings.filter((one) => of(one.area).indexOf(one) < SHOWN);
  return [
    ...shown.flatMap((one) => entry(one, new Date(at), paint)),
    ...AREAS.filter((area) => of(area).length > SHOWN).map((area) =>
      paint("faint", `${INDENT}and ${of(area).length - SHOWN} more of ${AREA_NAMES[area]}: --json has all`),
    ),
  ];
}

function entry(
  { severity, text, since, next, runbook }: Finding,
  now: Date,
  paint: Paint,
): readonly string[] {
  const tone = severity === "critical" ? "bad" : "warn";
  const mark = severity === "critical" ? "CRITICAL" : "warning ";
  const when = since === null ? "" : paint("faint", ` (${sinceText(since, now)})`);
  return [
    `${paint(tone, mark)}  ${plain(text)}${when}`,
    ...next.map((command) => `${INDENT}${paint("faint", "run")}  ${plain(command)}`),
    ...(runbook === null ? [] : [`${INDENT}${paint("faint", "see")}  ${plain(runbook)}`]),
  ];
}

const INDENT = " ".repeat(10);

function unseenLine({ areas, why }: StatusDocument["unseen"][number], paint: Paint): string {
  const names = areas.map((area) => AREA_NAMES[area]).join(", ");
  return `${paint("warn", "not seen")}  ${names}: ${plain(why.replaceAll(/\s+/g, " "))}`;
}

function section(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", ...lines];
}
