import { type FileHandle, open, stat } from "node:fs/promises";

const CHUNK_BYTES = 64 * 1024;
/** Far above any entry: what grows beyond it without an end is none. */
const MOST_BYTES = 16 * 2 ** 20;

/**
 * Follows a log that is written at its end, over rotation (the file is renamed and another takes its name) and truncation
 * (its content is copied away). What stands there before the first look is passed over: it was told by whoever looked then.
 */
export class Follower {
  readonly #path: string;
  readonly #line: (line: string) => void;
  #handle: FileHandle | undefined;
  #position = 0;
  #rest: Buffer = Buffer.alloc(0);
  #looked = false;

  constructor(path: string, line: (line: string) => void) {
    this.#path = path;
    this.#line = line;
  }

  /** Reads what has come; nothing where there is no file. */
  async poll(): Promise<void> {
    this.#handle ??= await this.#openFile();
    this.#looked = true;
    if (this.#handle === undefined) return;
    await this.#drain(this.#handle);
    if (!(await this.#replaced(this.#handle))) return;
    // Whoever writes has gone over to the new file: the old one is whole.
    await this.#drain(this.#handle);
    await this.close();
    await this.poll();
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
    this.#position = 0;
    this.#rest = Buffer.alloc(0);
  }

  async #openFile(): Promise<FileHandle | undefined> {
    try {
      const handle = await open(this.#path, "r");
      this.#position = this.#looked ? 0 : (await handle.stat()).size;
      return handle;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** An empty new file is one that nobody writes yet: the old one may still grow. */
  async #replaced(handle: FileHandle): Promise<boolean> {
    try {
      const [now, held] = [await stat(this.#path), await handle.stat()];
      return (now.ino !== held.ino || now.dev !== held.dev) && now.size > 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      throw error;
    }
  }

  async #drain(handle: FileHandle): Promise<void> {
    if ((await handle.stat()).size < this.#position) {
      this.#position = 0;
      this.#rest = Buffer.alloc(0);
    }
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      this.#take(chunk.subarray(0, bytesRead));
    }
  }

  #take(bytes: Buffer): void {
    const all = Buffer.concat([this.#rest, bytes]);
    const end = all.lastIndexOf(0x0a);
    this.#rest = all.length - end > MOST_BYTES ? Buffer.alloc(0) : all.subarray(end + 1);
    if (end < 0) return;
    for (const line of all.subarray(0, end).toString("utf8").split("\n")) {
      if (line !== "") this.#line(line);
    }
  }
}
