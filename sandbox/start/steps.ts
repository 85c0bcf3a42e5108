/** One step of a run, and how long it took. */
export interface Step {
  readonly name: string;
  readonly milliseconds: number;
}

/** Silence after which a step is said to go on; doubled each time, so that a long build does not fill the screen. */
const firstSilenceMs = 5_000;
const longestSilenceMs = 30_000;

/** Runs steps one after the other, remembers how long each took, and shows that a long one is alive. */
export class Steps {
  readonly #done: Step[] = [];
  readonly #tell: (line: string) => void;
  #lastLine = 0;

  /** @param tell shows a line to a person */
  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  /** Says what is being done within a step. */
  readonly report = (line: string): void => {
    this.#lastLine = performance.now();
    this.#tell(line);
  };

  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.report(name);
    const begun = performance.now();
    let silenceMs = firstSilenceMs;
    const ticker = setInterval(() => {
      if (performance.now() - this.#lastLine < silenceMs) return;
      this.report(`  ${name}: not done yet`);
      silenceMs = Math.min(2 * silenceMs, longestSilenceMs);
    }, 1_000);
    try {
      return await work();
    } finally {
      clearInterval(ticker);
      this.#done.push({ name, milliseconds: Math.round(performance.now() - begun) });
    }
  }

  get done(): readonly Step[] {
    return this.#done;
  }
}
