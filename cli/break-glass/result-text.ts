import { npmRun } from "../command-line.ts";
import { plainTable } from "../rotate/text.ts";
import { putCommand } from "../secrets/put-command.ts";
import type { Incident, Standing } from "./memory.ts";
import type { Ended } from "./runner.ts";

/** What an incident came to, as `--json` gives it. */
export interface Outcome {
  readonly id: string;
  readonly path: string;
  readonly drill: boolean;
  readonly evidence: string;
  readonly steps: readonly Ended[];
  /** What is not done, in words; empty when all is. */
  readonly notDone: readonly string[];
  /** From the start of the command until the readers were denied; null where they are not. */
  readonly deniedAfterMilliseconds: number | null;
}

const WORDS: Readonly<Record<Standing, string>> = {
  done: "done",
  partly: "done in part",
  failed: "FAILED",
  waiting: "NOT BEGUN",
};

export function outcomeText(outcome: Outcome, stack: string): string {
  const { id, evidence, notDone, deniedAfterMilliseconds: denied } = outcome;
  return [
    stepsTable(outcome.steps),
    ...(denied === null ? [] : [`Denied ${(denied / 1_000).toFixed(1)} s after the command.`]),
    ...(notDone.length === 0 ? ["All is done."] : ["NOT done:", ...notDone.map((line) => `  - ${line}`)]),
    `Incident ${id}; evidence: ${evidence}`,
    ...(outcome.drill ? [] : nextText(outcome, stack)),
  ].join("\n");
}

export function stepsTable(steps: readonly Ended[]): string {
  const table = plainTable(["step", "", "seconds", "what"]);
  for (const { title, standing, milliseconds, text } of steps) {
    table.push([title, WORDS[standing], (milliseconds / 1_000).toFixed(2), wrapped(text)]);
  }
  return table.toString();
}

function nextText({ id, path, notDone }: Outcome, stack: string): readonly string[] {
  return [
    ...(notDone.length === 0 ? [] : [`To finish, as often as needed: the same command again.`]),
    `To give access back: ${putCommand(path, stack)}, then, as break-glass-restore, ${npmRun(stack, "break-glass", "restore", id)}`,
  ];
}

/** `list`: what is open, and what was. */
export function incidentsText(incidents: readonly Incident[]): string {
  if (incidents.length === 0) return "No incident is remembered.";
  const table = plainTable(["incident", "path", "opened", "by", "state", "not done"]);
  for (const one of incidents) {
    const open = Object.entries(one.steps).filter(([, standing]) => standing !== "done");
    table.push([
      one.id,
      one.drill ? `${one.name} (drill)` : one.name,
      one.openedAt.slice(0, 19),
      one.openedBy,
      one.closedAt === undefined
        ? one.ended
          ? "open"
          : "open, a run is at work or was cut off"
        : `closed ${one.closedAt.slice(0, 19)}`,
      open.map(([step, standing]) => `${step}: ${WORDS[standing]}`).join("\n") || "-",
    ]);
  }
  return table.toString();
}

/** Lines that a table on a usual screen has room for. */
function wrapped(text: string): string {
  return text.replaceAll(/(.{1,70})(?:\s+|$)/g, "$1\n").trimEnd();
}
