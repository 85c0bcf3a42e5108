import { npmRun } from "../command-line.ts";

/** The command that puts the values of a declared path, as a person types it. */
export function putCommand(path: string, stack: string): string {
  return npmRun(stack, "secrets", "put", path);
}
