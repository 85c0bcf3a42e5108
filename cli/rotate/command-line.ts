import { DEFAULT_STACK } from "../secrets/put-command.ts";

/** One of these commands, as a person types it. */
export function rotateCommand(command: "now" | "put" | "status", key: string, stack: string): string {
  return ["npm run rotate --", command, key, ...(stack === DEFAULT_STACK ? [] : ["--stack", stack])].join(
    " ",
  );
}
