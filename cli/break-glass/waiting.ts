/** Milliseconds between two lines, and before the first: often enough to see that it goes on. */
const INTERVAL_MS = 2_000;

/** Tells on standard error that a server is waited for, from the second second on; once for all requests that wait. */
export class Waiting {
  readonly #server: string;
  #requests = 0;
  #since = 0;
  #why = "no answer yet";
  #timer: NodeJS.Timeout | undefined;

  constructor(server: string) {
    this.#server = server;
  }

  /** Why the last attempt was in vain. */
  readonly because = (why: string): void => {
    this.#why = why;
  };

  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#requests === 0) this.#begin();
    this.#requests += 1;
    try {
      return await work();
    } finally {
      this.#requests -= 1;
      if (this.#requests === 0) clearInterval(this.#timer);
    }
  }

  #begin(): void {
    this.#since = performance.now();
    this.#why = "no answer yet";
    this.#timer = setInterval(() => this.#tell(), INTERVAL_MS);
  }

  #tell(): void {
    const seconds = ((performance.now() - this.#since) / 1_000).toFixed(0);
    console.error(`break-glass: ${seconds} s: waiting for ${this.#server}: ${this.#why}`);
  }
}
