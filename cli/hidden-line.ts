import { text } from "node:stream/consumers";
import { password } from "@inquirer/prompts";

/**
 * A secret of one line, from a hidden prompt, or from standard input where that is not a terminal, less one trailing newline.
 * @param prompt what the prompt says before "(hidden)"
 * @param what begins the error's sentence
 * @throws Error when standard input holds no line, or more than one
 */
export async function readHiddenLine(prompt: string, what: string): Promise<string> {
  if (process.stdin.isTTY) {
    return password(
      {
        message: `${prompt} (hidden)`,
        validate: (value) => value !== "" || "it is needed",
        toggleMask: false,
      },
      { output: process.stderr },
    );
  }
  const given = (await text(process.stdin)).replace(/\r?\n$/, "");
  if (given !== "" && !given.includes("\n")) return given;
  throw new Error(
    `${what} is needed: pipe it in, as one line, or run this in a terminal to be asked; nothing was changed`,
  );
}
