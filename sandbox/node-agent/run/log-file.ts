import { closeSync, copyFileSync, fstatSync, openSync, readSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { PodKey } from "../api/types.ts";

/** A log is moved aside (one old copy is kept) when it is larger than this. kubelet's default is the same 10 MiB. */
const MAX_BYTES = 10 * 1024 * 1024;
const TAIL_BYTES = 4096;

/** `<dir>/<namespace>_<pod>_<container>.log`: one file for all runs of a container, appended. */
export function logPath(dir: string, pod: PodKey, container: string): string {
  return join(dir, `${pod.namespace}_${pod.name}_${container}.log`);
}

/**
 * Opens the log for appending. The process writes to the descriptor itself: its output needs no agent to pass
 * through, and a killed agent does not break its pipe.
 */
export function openLog(path: string): { readonly fd: number; readonly offset: number } {
  const fd = openSync(path, "a", 0o600);
  return { fd, offset: fstatSync(fd).size };
}

/** Copies a log that has grown too large to `<path>.1` and empties it; writers in append mode go on at its start. */
export function rotateLog(path: string, maxBytes: number = MAX_BYTES): void {
  const fd = openSync(path, "r");
  try {
    if (fstatSync(fd).size <= maxBytes) return;
  } finally {
    closeSync(fd);
  }
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
}

/** The last bytes (at most 4 KiB) that were written after `offset`. */
export function readTail(path: string, offset: number): string {
  const fd = openSync(path, "r");
  try {
    const size = fstatSync(fd).size;
    const from = Math.max(offset <= size ? offset : 0, size - TAIL_BYTES);
    const buffer = Buffer.alloc(Math.max(0, size - from));
    readSync(fd, buffer, 0, buffer.length, from);
    return buffer.toString("utf8");
  } finally {
    closeSync(fd);
  }
}
