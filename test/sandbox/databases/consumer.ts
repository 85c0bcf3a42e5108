import { allTheTime } from "../all-the-time.ts";
import type { Account } from "../postgres/client.ts";

/** A program that connects all the time with what its Secret says at the moment. */
export interface ConnectingConsumer {
  /** Connections that it has tried. */
  readonly attempts: number;
  /** Times of those that were refused, in milliseconds, of `performance.now()`. */
  readonly failures: readonly number[];
  /** When the last one that was let in began, and as whom. */
  readonly last: { readonly at: number; readonly username: string } | undefined;
  /** Ends it after one more attempt. */
  stop(): Promise<void>;
}

const PAUSE_MS = 25;

/**
 * @param read the Secret as it is to be had at the moment
 * @param connects whether the database lets the account in
 */
export function startConsumer(
  read: () => Promise<Account>,
  connects: (account: Account) => Promise<boolean>,
): ConnectingConsumer {
  const failures: number[] = [];
  let attempts = 0;
  let last: ConnectingConsumer["last"];
  const attempt = async () => {
    attempts += 1;
    const at = performance.now();
    const account = await read();
    if (await connects(account)) last = { at, username: account.username };
    else failures.push(at);
  };
  return {
    get attempts() {
      return attempts;
    },
    failures,
    get last() {
      return last;
    },
    stop: allTheTime(attempt, PAUSE_MS),
  };
}
