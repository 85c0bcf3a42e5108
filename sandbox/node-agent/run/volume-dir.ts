import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { VolumeFile } from "../plan/volume-files.ts";

/**
 * Makes a volume's directory hold exactly these files, all at once: they are written to a new directory, and the
 * link `..data` is moved to it, as kubelet's AtomicWriter does. Every top-level name is a link through `..data`.
 */
export function writeVolume(dir: string, files: readonly VolumeFile[]): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const previous = currentData(dir);
  const fresh = mkdtempSync(join(dir, "..version-"));
  for (const file of files) {
    const path = join(fresh, file.path);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, file.content, { mode: file.mode });
  }
  replaceLink(fresh.slice(dir.length + 1), join(dir, "..data"));
  const names = new Set(files.map((file) => file.path.split("/")[0] ?? file.path));
  for (const name of names) {
    if (!isLink(join(dir, name))) symlinkSync(join("..data", name), join(dir, name));
  }
  for (const name of readdirSync(dir)) {
    if (!name.startsWith("..") && !names.has(name)) rmSync(join(dir, name));
  }
  if (previous !== undefined) rmSync(join(dir, previous), { recursive: true, force: true });
}

/** A fingerprint of a volume's files, to see whether they changed. */
export function volumeFingerprint(files: readonly VolumeFile[]): string {
  const hash = createHash("sha256");
  for (const { path, content, mode } of files)
    hash.update(`${path} ${mode} ${content.length} `).update(content);
  return hash.digest("hex");
}

function currentData(dir: string): string | undefined {
  const link = join(dir, "..data");
  return existsSync(link) ? readlinkSync(link) : undefined;
}

function replaceLink(target: string, link: string): void {
  symlinkSync(target, `${link}_tmp`);
  renameSync(`${link}_tmp`, link);
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
