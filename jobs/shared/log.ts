/** A step's report: places, names and counts, never a value. */
export type StepFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** Values that were read or made in this run: should one get into a text by whatever way, it is taken out. */
export class Secrets {
  readonly #values = new Set<string>();

  add<T extends string | undefined>(value: T): T {
    // A shorter one would tear ordinary words apart, and is no key.
    if (value !== undefined && value.length >= 8) this.#values.add(value);
    return value;
  }

  redact(text: string): string {
    return [...this.#values].reduce((rest, value) => rest.replaceAll(value, "[value]"), text);
  }
}

/** One JSON line a step on standard output. */
export class Log {
  readonly secrets = new Secrets();
  readonly #fixed: StepFields;
  readonly #write: (line: string) => void;

  constructor(
    fixed: StepFields,
    write: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
  ) {
    this.#fixed = fixed;
    this.#write = write;
  }

  step(step: string, fields: StepFields = {}): void {
    // Each text before it is escaped: a value with a quote in it would not be recognized afterwards.
    const clean = (_: string, value: unknown) =>
      typeof value === "string" ? this.secrets.redact(value) : value;
    this.#write(JSON.stringify({ step, ...this.#fixed, ...fields }, clean));
  }
}
