import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";

export type Compression = "none" | "gzip" | "zstd";

/** Bytes of a file; each chunk may be overwritten once the next one is asked for. */
export type Chunks = AsyncIterable<Buffer>;

/** Small enough that what is made of a chunk does not outlive it. */
const CHUNK_BYTES = 2 ** 17;

/** By the first bytes: names say little once a log is rotated. Sources: RFC 1952 (gzip), RFC 8878 (zstd). */
export function compressionOf(head: Buffer): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  return head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528 ? "zstd" : "none";
}

/** The text of a log file as bytes, uncompressed. @throws Error when the compressed data is damaged or ends early */
export function readLog(file: string, compression: Compression, onRead: (bytes: number) => void): Chunks {
  if (compression === "gzip") return readGzip(file, onRead);
  return compression === "zstd" ? readZstd(file, onRead) : readPlain(file, onRead);
}

async function* readPlain(file: string, onRead: (bytes: number) => void): Chunks {
  const handle = await open(file);
  try {
    const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES);
      if (bytesRead === 0) return;
      onRead(bytesRead);
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

async function* readGzip(file: string, onRead: (bytes: number) => void): Chunks {
  yield* decompress(file, 0, createGunzip({ chunkSize: CHUNK_BYTES }), onRead);
}

/** Frame by frame: Node's decompressor ends with the first one, and logs are appended to as frames. */
async function* readZstd(file: string, onRead: (bytes: number) => void): Chunks {
  const { size } = await sizeOf(file);
  for (let offset = 0; offset < size; ) {
    const frame = createZstdDecompress({ chunkSize: CHUNK_BYTES });
    yield* decompress(file, offset, frame, onRead);
    if (frame.bytesWritten === 0) return;
    offset += frame.bytesWritten;
  }
}

async function* decompress(
  file: string,
  start: number,
  decompressor: Transform & { readonly bytesWritten: number },
  onRead: (bytes: number) => void,
): Chunks {
  const input = createReadStream(file, { start, highWaterMark: CHUNK_BYTES });
  input.on("error", (error) => decompressor.destroy(error));
  let seen = 0;
  try {
    for await (const chunk of input.pipe(decompressor)) {
      onRead(decompressor.bytesWritten - seen);
      seen = decompressor.bytesWritten;
      yield chunk as Buffer;
    }
  } finally {
    input.destroy();
    decompressor.destroy();
  }
}

async function sizeOf(file: string): Promise<{ readonly size: number }> {
  const handle = await open(file);
  try {
    return await handle.stat();
  } finally {
    await handle.close();
  }
}
