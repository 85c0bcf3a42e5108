import type { FieldDifference, Finding, Looked } from "./finding.ts";

const WORDS: Readonly<Record<Finding["drift"], string>> = {
  missing: "declared, and not there",
  changed: "not as declared",
  undeclared: "there, and not declared",
};

/** Everything that has drifted, with its fields, and everything that was not looked at. */
export function driftText(looked: Looked, stack: string): string {
  const { findings, unseen, seen } = looked;
  const counts = Object.entries(seen).map(([server, count]) => `${count} in ${server}`);
  const scope = counts.length === 0 ? "nothing" : counts.join(", ");
  const headline =
    findings.length === 0
      ? `No drift of stack ${stack} in what was looked at: ${scope}.`
      : `${findings.length} of stack ${stack} ${findings.length === 1 ? "is" : "are"} not as declared; looked at: ${scope}.`;
  const notSeen = unseen.map(({ what, why }) => `  ${what}\n    ${why}`);
  return [
    headline,
    ...findings.flatMap((one) => ["", ...findingLines(one)]),
    ...(notSeen.length === 0 ? [] : ["", `Not looked at (${unseen.length}):`, ...notSeen]),
  ].join("\n");
}

function findingLines({ server, what, drift, fields }: Finding): readonly string[] {
  return [`${server}: ${what}: ${WORDS[drift]}`, ...fields.flatMap(fieldLines)];
}

function fieldLines({ field, declared, found, by }: FieldDifference): readonly string[] {
  return [
    `  ${field}${by === undefined ? "" : ` (held by ${by})`}`,
    ...valueLines("declared", declared),
    ...valueLines("found", found),
  ];
}

/** A value of several lines stands below its word. */
function valueLines(word: string, value = "nothing"): readonly string[] {
  const label = `    ${word}`.padEnd(14);
  const [first = "", ...rest] = value.split("\n");
  return [`${label}${first}`, ...rest.map((line) => `${" ".repeat(14)}${line}`)];
}
