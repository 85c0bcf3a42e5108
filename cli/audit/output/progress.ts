const FIRST_MS = 2_000;
const EVERY_MS = 1_000;
const EVERY_MS_IN_A_LOG = 30_000;

export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Says on a stream how much of the logs is read, once that takes over 2 s. Bytes are those on the disk. */
export class Progress {
  readonly #totalBytes: number;
  readonly #stream: ProgressStream;
  readonly #begun = performance.now();
  #nextMs = FIRST_MS;
  #readBytes = 0;
  #shown = false;

  /** @param totalBytes 0 where nobody knows */
  constructor(totalBytes: number, stream: ProgressStream) {
    this.#totalBytes = totalBytes;
    this.#stream = stream;
  }

  read(bytes: number): void {
    this.#readBytes += bytes;
    const elapsedMs = performance.now() - this.#begun;
    if (elapsedMs < this.#nextMs) return;
    this.#nextMs = elapsedMs + (this.#stream.isTTY ? EVERY_MS : EVERY_MS_IN_A_LOG);
    this.#shown = true;
    const of = this.#totalBytes === 0 ? "" : ` of ${mebibytes(this.#totalBytes)}`;
    const text = `read ${mebibytes(this.#readBytes)}${of} MiB`;
    this.#stream.write(this.#stream.isTTY ? `\r\u001b[2K${text}` : `${text}\n`);
  }

  end(): void {
    if (this.#shown && this.#stream.isTTY) this.#stream.write("\r\u001b[2K");
  }
}

function mebibytes(bytes: number): string {
  return String(Math.round(bytes / 2 ** 20));
}
