import { text } from "node:stream/consumers";
import { password } from "@inquirer/prompts";

/**
 * An account's first password, from a hidden prompt, or from standard input where that is not a terminal, less one trailing
 * newline.
 * @throws Error when standard input holds none
 */
export async function readPassword(username: string): Promise<string> {
  if (process.stdin.isTTY) {
    return password(
      {
        message: `Password of ${username} in the database (hidden)`,
        validate: (value) => value !== "" || "it is needed",
        toggleMask: false,
      },
      { output: process.stderr },
    );
  }
  const given = (await text(process.stdin)).replace(/\r?\n$/, "");
  if (given !== "" && !given.includes("\n")) return given;
  throw new Error(
    `The password of ${username} is needed: pipe it in, as one line, or run this in a terminal to be asked; nothing was changed`,
  );
}
