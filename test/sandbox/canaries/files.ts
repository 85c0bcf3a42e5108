import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Scanner } from "../../canaries/scan.ts";

/** What was found in each file, by its path; files with nothing are not there. */
export type FoundInFiles = Readonly<Record<string, readonly string[]>>;

/**
 * Every file below a folder, links not followed. One that goes away meanwhile, as logs of ended pods do, is passed over.
 * @param without whether to leave a file out, by its path below the folder
 */
export async function scanFolder(
  folder: string,
  scan: Scanner,
  without: (path: string) => boolean = () => false,
): Promise<FoundInFiles> {
  const found: Record<string, readonly string[]> = {};
  for (const file of await filesBelow(folder)) {
    const path = relative(folder, file);
    if (without(path)) continue;
    const content = withoutZeros(await readFile(file).catch(() => Buffer.alloc(0)));
    const names = [...new Set([...scan(content).map(({ canary }) => canary), ...tokenLike(content)])];
    if (names.length > 0) found[path] = names.sort();
  }
  return found;
}

const page = Buffer.alloc(4_096);

/** Databases make their files long before they fill them: pages of zeros take most of the time and hold nothing. */
function withoutZeros(content: Buffer): Buffer {
  const pages: Buffer[] = [];
  for (let at = 0; at < content.length; at += page.length) {
    const one = content.subarray(at, at + page.length);
    if (!one.equals(page.subarray(0, one.length))) pages.push(one);
  }
  return Buffer.concat(pages);
}

export async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

const patterns: Readonly<Record<string, RegExp>> = {
  "a token of Vault": /\bhv[sbr]\.[A-Za-z0-9_-]{20,}/,
  "a signed token (JWT)": /\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}/,
};

/** What looks like a credential, whoever it was given to: the logins of ESO as well, whose tokens no test ever sees. */
export function tokenLike(content: string | Uint8Array): readonly string[] {
  const text = typeof content === "string" ? content : Buffer.from(content).toString("latin1");
  return Object.entries(patterns)
    .filter(([, pattern]) => pattern.test(text))
    .map(([name]) => name);
}
