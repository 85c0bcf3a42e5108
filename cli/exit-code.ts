import { CommanderError } from "commander";

/**
 * The exit code of a command that failed, after its message alone: a stack trace helps no operator. Commander has already
 * said what it has to say; 130 is a person's own end of a prompt.
 * @param ended what to say then
 */
export function exitCodeOf(error: unknown, ended?: string): number {
  if (error instanceof CommanderError) return error.exitCode;
  if (error instanceof Error && error.name === "ExitPromptError") {
    if (ended !== undefined) console.error(ended);
    return 130;
  }
  console.error(error instanceof Error ? error.message : String(error));
  return 1;
}
