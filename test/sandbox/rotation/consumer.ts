import { allTheTime } from "../all-the-time.ts";

/** A program that uses the key all the time, and counts the calls that failed for want of a good one. */
export interface CallingConsumer {
  readonly calls: number;
  readonly failures: readonly string[];
  /** Ends it after one more call. */
  stop(): Promise<void>;
}

/** One call with a key; gives what is wrong, if anything is. */
export type Call = (key: string) => Promise<string | undefined>;

const PAUSE_MS = 25;

/** @param read the key as it is to be had at the moment */
export function startConsumer(call: Call, read: () => Promise<string | undefined>): CallingConsumer {
  const failures: string[] = [];
  let calls = 0;
  const once = async () => {
    calls += 1;
    const key = await read();
    const wrong = key === undefined ? "no key to be read" : await call(key);
    if (wrong !== undefined) failures.push(wrong);
  };
  return {
    get calls() {
      return calls;
    },
    failures,
    stop: allTheTime(once, PAUSE_MS),
  };
}

/** As a consumer does it. */
export function callTo(provider: string): Call {
  return async (key) => {
    const { status } = await fetch(`${provider}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    return status === 200 ? undefined : `status ${status} for the key that was read`;
  };
}
