import { setTimeout } from "node:timers/promises";

/** A program that uses the key all the time, and counts the calls that failed for want of a good one. */
export interface CallingConsumer {
  readonly calls: number;
  readonly failures: readonly string[];
  /** Ends it after one more call. */
  stop(): Promise<void>;
}

const PAUSE_MS = 25;

/** @param read the key as it is to be had at the moment */
export function startConsumer(provider: string, read: () => Promise<string | undefined>): CallingConsumer {
  const failures: string[] = [];
  let calls = 0;
  let going = true;
  const call = async () => {
    calls += 1;
    const key = await read();
    if (key === undefined) {
      failures.push("no key to be read");
      return;
    }
    const { status } = await fetch(`${provider}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    if (status !== 200) failures.push(`status ${status} for the key that was read`);
  };
  const work = (async () => {
    while (going) {
      await call();
      await setTimeout(PAUSE_MS);
    }
    await call();
  })();
  return {
    get calls() {
      return calls;
    },
    failures,
    stop: async () => {
      going = false;
      await work;
    },
  };
}
