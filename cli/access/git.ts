import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { parseSettings } from "../../config/parse.ts";
import { ConfigError } from "../../config/problems.ts";
import type { Settings } from "../../config/schema.ts";
import { rawDeclaration } from "../../config/stack-file.ts";

const run = promisify(execFile);

/** A stack's file is text that people write; more is not one. */
const LARGEST_FILE_BYTES = 16 * 1024 * 1024;

/**
 * A stack's declaration as a commit has it, checked by today's rules. What other stacks declared then is not looked at.
 * @param folder the project's, anywhere in a repository
 * @throws Error for a ref that git does not know, a file that is not in it, or one that is no declaration of today's form
 */
export async function settingsAt(folder: string, ref: string, file: string): Promise<Settings> {
  const commit = await commitOf(folder, ref);
  const yaml = await fileAt(folder, commit, file, ref);
  const source = `${file} at ${ref}`;
  try {
    return parseSettings(rawDeclaration(yaml, source), source);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new Error(
      `${error.message}\nIt is read by today's rules. Compare with a ref whose ${file} they accept: --diff <ref>`,
      { cause: error },
    );
  }
}

async function commitOf(folder: string, ref: string): Promise<string> {
  if (ref === "" || ref.startsWith("-")) {
    throw new Error(
      `--diff takes a commit, branch or tag, not ${JSON.stringify(ref)}. Example: --diff origin/main`,
    );
  }
  try {
    return await git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`);
  } catch (error) {
    throw new Error(
      explain(error) ?? `git knows no commit ${ref} here. See: git log --oneline, git branch -a`,
      {
        cause: error,
      },
    );
  }
}

async function fileAt(folder: string, commit: string, file: string, ref: string): Promise<string> {
  try {
    return await git(folder, "show", "--end-of-options", `${commit}:./${file}`);
  } catch (error) {
    throw new Error(
      `${file} is not in ${ref}, so there is nothing to compare with: all that it declares is new (npm run access shows it).`,
      { cause: error },
    );
  }
}

/** No shell, and no argument that git could take for an option. */
async function git(folder: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run("git", [...args], { cwd: folder, maxBuffer: LARGEST_FILE_BYTES });
  return stdout.trimEnd();
}

/** What is wrong when it is not the ref. */
function explain(error: unknown): string | undefined {
  const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: unknown };
  if (code === "ENOENT") return "--diff needs git, which is not on PATH.";
  const said = String(stderr ?? "").trim();
  return said === "" ? undefined : `git says: ${said}`;
}
