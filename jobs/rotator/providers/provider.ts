import {
  type HttpAnswer,
  HttpClient,
  type HttpRequest,
  NoAnswerError,
  type Watch,
} from "../../shared/http.ts";
import { RotationError } from "../errors.ts";
import { retrying } from "../retry.ts";
import type { Limits, RotationSpec } from "../spec.ts";

export interface ProviderKey {
  readonly name: string;
  readonly id: string;
}

/** "unknown" while the provider cannot tell: it is down, busy or failing. */
export type Verdict = "accepted" | "refused" | "unknown";

export interface Tried {
  readonly verdict: Verdict;
  /** How long the provider wants to be left alone. */
  readonly pauseMs?: number | undefined;
}

/** What a rotation asks of whoever issues the keys. */
export interface Provider {
  /** Absent where keys are made by a person. */
  readonly maker?: {
    create(name: string): Promise<ProviderKey & { readonly value: string }>;
    /** All keys of this rotation, by the names that it gives: `<prefix>-<number>`. */
    list(prefix: string): Promise<readonly ProviderKey[]>;
  };
  /** Whether the provider accepts a key; absent where nothing is known to ask. */
  readonly test?: (value: string) => Promise<Tried>;
  /** Ends a key for good; one that is gone already is fine. Absent where a person has to do it. */
  readonly revoke?: (id: string) => Promise<void>;
}

/** A request to a provider, and what goes wrong with it in words. */
export class ProviderClient {
  readonly #http: HttpClient;
  readonly #retrySeconds: number;
  readonly #admin: string;

  /** @param spec names the admin credential in errors */
  constructor({ admin }: Pick<RotationSpec, "admin">, limits: Limits, watch?: Watch) {
    this.#http = new HttpClient({
      timeoutMs: limits.request * 1_000,
      ...(watch === undefined ? {} : { watch }),
    });
    this.#retrySeconds = limits.retry;
    this.#admin =
      admin === undefined ? "the admin credential" : `${admin.mount}/${admin.path}#${admin.property}`;
  }

  /**
   * A request with the admin credential. After 429 it is sent again, having been refused; after 5xx or no answer only if
   * `again` says that it does no harm.
   */
  async ask(
    what: string,
    request: HttpRequest,
    { again, success }: { readonly again: boolean; readonly success: readonly number[] },
  ): Promise<HttpAnswer> {
    return retrying(this.#retrySeconds, async () => {
      try {
        const answer = await this.#http.send(request);
        if (success.includes(answer.status)) return { done: answer };
        const last = () => {
          throw this.#refusal(what, answer);
        };
        if (answer.status === 429) return { last, pauseMs: retryAfterMs(answer) };
        return again && answer.status >= 500 ? { last } : last();
      } catch (error) {
        if (!(error instanceof NoAnswerError)) throw error;
        const last = () => {
          throw providerError(
            what,
            error.message,
            "see that the provider is up and can be reached from here",
          );
        };
        return again ? { last } : last();
      }
    });
  }

  /** A request with the key under test. */
  async verdict(request: HttpRequest, success: readonly number[]): Promise<Tried> {
    try {
      const answer = await this.#http.send(request);
      const { status } = answer;
      if (success.includes(status)) return { verdict: "accepted" };
      if (status === 429) return { verdict: "unknown", pauseMs: retryAfterMs(answer) };
      return { verdict: status >= 500 ? "unknown" : "refused" };
    } catch (error) {
      if (error instanceof NoAnswerError) return { verdict: "unknown" };
      throw error;
    }
  }

  #refusal(what: string, { status, headers }: HttpAnswer): RotationError {
    if (status === 401 || status === 403) {
      const expired = status === 401;
      return new RotationError("provider", {
        field: `admin credential ${this.#admin}`,
        found: `status ${status} from the provider to ${what}`,
        allowed: expired
          ? "a credential that is valid"
          : "a credential that may create, list and revoke keys",
        fix: expired
          ? "make a new admin credential at the provider and put it there"
          : "give the admin credential those rights at the provider, or put one that has them",
      });
    }
    if (status === 429) {
      const until = headers["retry-after"] === undefined ? "" : `, retry after ${headers["retry-after"]} s`;
      return providerError(what, `status 429${until}`, "nothing, if it passes; else raise the rate limit");
    }
    const fix =
      status >= 500 ? "see the provider's status page" : "compare the provider's declaration with its API";
    return providerError(what, `status ${status}`, fix);
  }
}

/** Never the answer's body: providers quote keys in their errors. */
export function providerError(what: string, found: string, fix: string): RotationError {
  return new RotationError("provider", {
    field: `provider, ${what}`,
    found,
    allowed: "success",
    fix: `${fix}; another run goes on from here`,
  });
}

/** Only seconds: a date would have to be compared with a clock. */
function retryAfterMs({ headers }: HttpAnswer): number | undefined {
  const seconds = Number(headers["retry-after"]);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : undefined;
}

/** Number of a key of this rotation; `undefined` for another's whose prefix begins with the same letters. */
export function generationOf(prefix: string, name: string): number | undefined {
  if (!name.startsWith(`${prefix}-`)) return undefined;
  const rest = name.slice(prefix.length + 1);
  return /^[1-9][0-9]{0,8}$/.test(rest) ? Number(rest) : undefined;
}
