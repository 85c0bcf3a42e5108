/** So many requests in each window; one too many is refused, and told when the window is over. */
export class RateLimit {
  readonly #requests: number;
  readonly #windowMs: number;
  #endsAt = 0;
  #taken = 0;
  #refusing = false;
  #refused = 0;
  #early = 0;

  constructor(requests: number, windowMs: number) {
    this.#requests = requests;
    this.#windowMs = windowMs;
  }

  /** Requests that were too many. */
  get refused(): number {
    return this.#refused;
  }

  /** Requests that came before the time that another had been told. */
  get early(): number {
    return this.#early;
  }

  /** Counts a request; gives the seconds to wait where it is too many. */
  take(now = performance.now()): number | undefined {
    if (now >= this.#endsAt) {
      this.#endsAt = now + this.#windowMs;
      this.#taken = 0;
      this.#refusing = false;
    }
    if (this.#refusing) this.#early += 1;
    this.#taken += 1;
    if (this.#taken <= this.#requests) return undefined;
    this.#refusing = true;
    this.#refused += 1;
    return Math.ceil((this.#endsAt - now) / 1_000);
  }
}
