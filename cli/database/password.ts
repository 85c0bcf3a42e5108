import { readHiddenLine } from "../hidden-line.ts";

/** An account's first password, as {@link readHiddenLine} takes it. */
export function readPassword(username: string): Promise<string> {
  return readHiddenLine(`Password of ${username} in the database`, `The password of ${username}`);
}
