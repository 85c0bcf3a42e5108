/** One step of a run, and how long it took. */
export interface Step {
  readonly name: string;
  readonly milliseconds: number;
}

const longestSilenceMs = 5_000;

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
    const ticker = setInterval(() => {
      if (performance.now() - this.#lastLine >= longestSilenceMs) this.report(`  ${name}: not done yet`);
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
