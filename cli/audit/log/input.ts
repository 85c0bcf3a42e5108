import type { Stats } from "node:fs";
import { constants, createReadStream } from "node:fs";
import { access, stat } from "node:fs/promises";
import type { LogKind } from "../../../audit/entry/entry.ts";
import { type Chunks, compressionOf, readLog } from "./bytes.ts";
import { judgeHead } from "./head.ts";

/** A log that was looked at and can be read. */
export interface LogInput {
  /** As the operator named it. */
  readonly name: string;
  /** On the disk; 0 where nobody knows, as of a pipe. */
  readonly sizeBytes: number;
  /** Time of its first entry, in ms since 1970; -Infinity where none was seen. */
  readonly firstMs: number;
  open(onRead: (bytes: number) => void): Chunks;
}

/** A log to read, as the command line names it; `-` is standard input. */
export interface LogName {
  readonly name: string;
  /** Which of the two logs it must be; either when absent. */
  readonly kind?: LogKind;
}

const HEAD_BYTES = 2 ** 20;

/**
 * Looks at the beginning of every log before any is read.
 * @throws Error with one line for each that cannot be used: what is wrong with it, and what to do
 */
export async function openLogs(
  names: readonly LogName[],
  stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean },
): Promise<readonly LogInput[]> {
  const inputs: LogInput[] = [];
  const problems: string[] = [];
  for (const name of distinct(names)) {
    try {
      inputs.push(name.name === "-" ? await openStream("standard input", name, stdin) : await openFile(name));
    } catch (error) {
      problems.push(`  ${name.name === "-" ? "standard input" : name.name}: ${(error as Error).message}`);
    }
  }
  if (problems.length === 0) return inputs;
  throw new Error(`${problems.length} log(s) cannot be used, nothing was read\n${problems.join("\n")}`);
}

function distinct(names: readonly LogName[]): readonly LogName[] {
  return [...new Map(names.map((one) => [`${one.name} ${one.kind}`, one])).values()];
}

async function openFile({ name, kind }: LogName): Promise<LogInput> {
  const found = await statOf(name);
  if (found.isDirectory()) throw new Error("is a directory; name the files in it, e.g. with *");
  if (!found.isFile()) return openStream(name, { name, ...(kind ? { kind } : {}) }, createReadStream(name));
  if (found.size === 0) {
    throw new Error("is empty: leave it out, or look whether the device still writes to it");
  }
  await access(name, constants.R_OK).catch((error) => {
    throw unreadable(error);
  });
  const compression = compressionOf(await headOf(readLog(name, "none", () => {})));
  const firstMs = judgeHead(await headOf(readLog(name, compression, () => {})), kind);
  return {
    name,
    sizeBytes: found.size,
    firstMs,
    open: (onRead) => readLog(name, compression, onRead),
  };
}

async function statOf(file: string): Promise<Stats> {
  return stat(file).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT" ? new Error("does not exist") : unreadable(error);
  });
}

function unreadable(error: NodeJS.ErrnoException): Error {
  return new Error(
    error.code === "EACCES"
      ? "may not be read: audit logs belong to the servers' users; copy it, or run as a user who may"
      : `cannot be read (${error.code ?? error.message})`,
  );
}

async function headOf(chunks: Chunks): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      parts.push(Buffer.from(chunk.subarray(0, HEAD_BYTES - bytes)));
      bytes += chunk.length;
      if (bytes >= HEAD_BYTES) break;
    }
  } catch (error) {
    // Damaged further on: what is before it can be read, and the damage is reported then.
    if (bytes === 0) throw new Error(`is damaged: ${(error as Error).message}`, { cause: error });
  }
  return Buffer.concat(parts);
}

const NAME_LOGS = "name files with --vault-log and --kubernetes-log, or pipe a log in";

/** What can be read once only: standard input, or what a shell puts in place of a command. */
async function openStream(
  name: string,
  { kind }: LogName,
  stream: NodeJS.ReadableStream & { readonly isTTY?: boolean },
): Promise<LogInput> {
  if (stream.isTTY) {
    throw new Error(`is a terminal: ${NAME_LOGS}`);
  }
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const parts: Buffer[] = [];
  for (let bytes = 0; bytes < HEAD_BYTES; ) {
    const { value, done } = await iterator.next();
    if (done) break;
    parts.push(value);
    bytes += value.length;
  }
  const head = Buffer.concat(parts);
  if (head.length === 0) throw new Error(`is empty: ${NAME_LOGS}`);
  const compression = compressionOf(head);
  if (compression !== "none") throw new Error(`is compressed: pipe it through ${compression} -dc first`);
  return { name, sizeBytes: 0, firstMs: judgeHead(head, kind), open: () => replay(head, iterator) };
}

async function* replay(head: Buffer, rest: AsyncIterator<Buffer>): Chunks {
  yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
