import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { chmod, copyFile, open, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { SERVICE_ACCOUNT_DIR } from "../plan/process-plan.ts";

/** The link in a pod's directory, the working directory of its processes, to its service-account volume. */
export const SERVICE_ACCOUNT_LINK = "service-account";

const CHUNK_BYTES = 1024 * 1024;
const run = promisify(execFile);

/**
 * A path of the same length as the service-account directory, relative to the pod's directory: `.////service-account`.
 * The same length, because it takes that directory's place inside a binary.
 */
export function relativeServiceAccountDir(): string {
  const slashes = SERVICE_ACCOUNT_DIR.length - SERVICE_ACCOUNT_LINK.length - 1;
  return `.${"/".repeat(slashes)}${SERVICE_ACCOUNT_LINK}`;
}

const making = new Map<string, Promise<string>>();

/**
 * A copy of a binary that looks for its service account's files in the pod's directory. controller-runtime has the
 * absolute path compiled in and reads its namespace nowhere else, so that leader election fails without it; that path
 * cannot be made without root rights, and one path could not serve two pods. Nothing else of the binary changes.
 * The copy is kept in `cacheDir` until the binary changes. Returns its path; its file name is the binary's.
 */
export function serviceAccountBinary(binary: string, cacheDir: string): Promise<string> {
  const made = making.get(binary) ?? makeCopy(binary, cacheDir).finally(() => making.delete(binary));
  making.set(binary, made);
  return made;
}

async function makeCopy(binary: string, cacheDir: string): Promise<string> {
  const { size, mtimeMs } = await stat(binary);
  const name = basename(binary);
  const key = createHash("sha256").update(`${binary} ${size} ${mtimeMs}`).digest("hex").slice(0, 16);
  const dir = join(cacheDir, `${name}-${key}`);
  const copy = join(dir, name);
  if (existsSync(copy)) return copy;
  const outdated = readdirSync(cacheDir).filter((entry) => entry.startsWith(`${name}-`));
  for (const entry of outdated) rmSync(join(cacheDir, entry), { recursive: true, force: true });
  mkdirSync(dir, { mode: 0o700 });
  const unfinished = `${copy}.new`;
  await copyFile(binary, unfinished, constants.COPYFILE_FICLONE);
  await chmod(unfinished, 0o700);
  await replaceInFile(unfinished, SERVICE_ACCOUNT_DIR, relativeServiceAccountDir());
  // macOS runs no binary whose signature does not fit its content; "-" is a signature without an identity.
  if (process.platform === "darwin") await run("codesign", ["--force", "--sign", "-", unfinished]);
  renameSync(unfinished, copy);
  return copy;
}

/** Overwrites every occurrence of a text with another of the same length. Reads in chunks: binaries are large. */
export async function replaceInFile(path: string, from: string, to: string): Promise<void> {
  const [wanted, instead] = [Buffer.from(from), Buffer.from(to)];
  if (wanted.length !== instead.length) throw new Error(`"${to}" is not as long as "${from}"`);
  const file = await open(path, "r+");
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES + wanted.length - 1);
    const { size } = await file.stat();
    for (let at = 0; at < size; at += CHUNK_BYTES) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
      const read = chunk.subarray(0, bytesRead);
      for (
        let found = read.indexOf(wanted);
        found !== -1;
        found = read.indexOf(wanted, found + wanted.length)
      ) {
        await file.write(instead, 0, instead.length, at + found);
      }
    }
  } finally {
    await file.close();
  }
}
