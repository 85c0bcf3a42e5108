import { setTimeout as delay } from "node:timers/promises";

/** How long to wait for a condition, and how often to look, in milliseconds. */
export interface Waiting {
  readonly deadlineMs: number;
  /** @default 50 */
  readonly intervalMs?: number;
}

/**
 * Calls `probe` until it gives a value, and returns that. An error of the probe ends the wait.
 * After the deadline the error says what was waited for.
 */
export async function until<T>(
  what: string,
  waiting: Waiting,
  probe: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = Date.now() + waiting.deadlineMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (Date.now() >= deadline) {
      throw new Error(`Waited ${waiting.deadlineMs / 1000} s in vain until ${what}.`);
    }
    await delay(waiting.intervalMs ?? 50);
  }
}
