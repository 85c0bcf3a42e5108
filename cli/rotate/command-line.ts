import { npmRun } from "../command-line.ts";

/** One of these commands, as a person types it. */
export function rotateCommand(command: "now" | "put" | "status", key: string, stack: string): string {
  return npmRun(stack, "rotate", command, key);
}
