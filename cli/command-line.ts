/** The stack that the commands take when none is named. */
export const DEFAULT_STACK = "dev";

/** One of this project's commands, as a person types it for a stack. */
export function npmRun(stack: string, command: string, ...args: readonly string[]): string {
  const named = stack === DEFAULT_STACK ? [] : ["--stack", stack];
  const rest = [...args, ...named];
  return ["npm run", command, ...(rest.length === 0 ? [] : ["--", ...rest])].join(" ");
}
