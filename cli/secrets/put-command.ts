/** The stack that the commands take when none is named. */
export const DEFAULT_STACK = "dev";

/** The command that puts the values of a declared path, as a person types it. */
export function putCommand(path: string, stack: string): string {
  return `npm run secrets -- put ${path}${stack === DEFAULT_STACK ? "" : ` --stack ${stack}`}`;
}
