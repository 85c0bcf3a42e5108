import type { FieldDifference, Finding, Looked } from "./finding.ts";
import { bothShort } from "./shown.ts";

const WORDS: Readonly<Record<Finding["drift"], string>> = {
  missing: "declared, and not there",
  changed: "not as declared",
  undeclared: "there, and not declared",
};

/** Everything that has drifted, with its fields, and everything that was not looked at. */
export function driftText(looked: Looked, stack: string): string {
  const { findings, unseen } = looked;
  const notSeen = unseen.map(({ what, why }) => `  ${what}\n    ${why}`);
  return [
    headline(looked, stack),
    ...findings.flatMap((one) => ["", ...findingLines(one)]),
    ...(notSeen.length === 0 ? [] : ["", `Not looked at (${unseen.length}):`, ...notSeen]),
  ].join("\n");
}

function headline({ findings, unseen, seen }: Looked, stack: string): string {
  const nothing = Object.values(seen).every((count) => count === 0);
  if (findings.length === 0 && nothing && unseen.some(({ failed }) => failed)) {
    return `Nothing of stack ${stack} could be looked at, so nobody knows whether it has drifted.`;
  }
  const counts = Object.entries(seen).map(([server, count]) => `${count} in ${server}`);
  const scope = counts.length === 0 ? "nothing" : counts.join(", ");
  return findings.length === 0
    ? `No drift of stack ${stack} in what was looked at: ${scope}.`
    : `${findings.length} of stack ${stack} ${findings.length === 1 ? "is" : "are"} not as declared; looked at: ${scope}.`;
}

function findingLines({ server, what, drift, fields }: Finding): readonly string[] {
  return [`${server}: ${what}: ${WORDS[drift]}`, ...fields.flatMap(fieldLines)];
}

function fieldLines({
  field,
  declared = "nothing",
  found = "nothing",
  by,
}: FieldDifference): readonly string[] {
  const [declaredLines, foundLines] = bothShort(declared.split("\n"), found.split("\n"));
  return [
    `  ${field}${by === undefined ? "" : ` (held by ${by})`}`,
    ...valueLines("declared", declaredLines),
    ...valueLines("found", foundLines),
  ];
}

/** A value of several lines stands below its word. */
function valueLines(word: string, [first = "", ...rest]: readonly string[]): readonly string[] {
  const label = `    ${word}`.padEnd(14);
  return [`${label}${first}`, ...rest.map((line) => `${" ".repeat(14)}${line}`)];
}
