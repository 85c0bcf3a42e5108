import { input } from "@inquirer/prompts";
import { isNamed, type Target } from "./target.ts";

/**
 * Has the path typed once, so that the right one is meant; scripts say it with `--yes-i-mean`.
 * @throws Error when another path was said, or nobody is there to be asked
 */
export async function confirm(target: Target, meant: string | undefined): Promise<void> {
  if (meant !== undefined) {
    if (isNamed(target, meant)) return;
    throw new Error(
      `--yes-i-mean: found ${meant}; allowed: ${target.name}, the path that is revoked. Nothing was done.`,
    );
  }
  if (!process.stdin.isTTY) {
    throw new Error(
      `Nobody is there to be asked: add --yes-i-mean ${target.name} to do it, or --plan to see it only. Nothing was done.`,
    );
  }
  await input(
    {
      message: `Type the path to do all of this (${target.name}):`,
      validate: (typed) => isNamed(target, typed) || `that is not ${target.name}`,
    },
    { output: process.stderr },
  );
}
