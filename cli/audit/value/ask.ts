import { buffer } from "node:stream/consumers";
import { password } from "@inquirer/prompts";

/** The value to look for: from a hidden prompt on a terminal, else all of standard input less one trailing newline. */
export async function askValue(stdin: NodeJS.ReadStream): Promise<string> {
  const value = stdin.isTTY
    ? await password({ message: "Value to look for (hidden)", toggleMask: false }, { output: process.stderr })
    : (await buffer(stdin)).toString("utf8").replace(/\r?\n$/, "");
  if (value === "") throw new Error("the value to look for is empty");
  return value;
}
