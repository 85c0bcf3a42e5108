import { text } from "node:stream/consumers";
import { password } from "@inquirer/prompts";

/**
 * The OIDC client's secret, from a hidden prompt, or from standard input where that is not a terminal, less one trailing
 * newline.
 * @throws Error when standard input holds none
 */
export async function readClientSecret(): Promise<string> {
  if (process.stdin.isTTY) {
    return password(
      {
        message: "Secret of the OIDC client (hidden)",
        validate: (value) => value !== "" || "it is needed",
        toggleMask: false,
      },
      { output: process.stderr },
    );
  }
  const secret = (await text(process.stdin)).replace(/\r?\n$/, "");
  if (secret !== "" && !secret.includes("\n")) return secret;
  throw new Error(
    "The OIDC client's secret is needed: pipe it in, as one line, or run this in a terminal to be asked; nothing was changed",
  );
}
