import type { IncomingMessage } from "node:http";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";

const matched = {
  method: z.string().optional(),
  /** Begins the request's path. @default every path */
  path: z.string().optional(),
  /** How many requests it meets. @default all until the faults are cleared */
  times: z.int().positive().optional(),
};

/** Something that goes wrong on purpose. */
export const fault = z.discriminatedUnion("kind", [
  /** The connection is cut: before the request is carried out, or after, so that its answer is lost. */
  z.strictObject({ kind: z.literal("down"), afterwards: z.boolean().optional(), ...matched }),
  z.strictObject({ kind: z.literal("slow"), milliseconds: z.int().positive(), ...matched }),
  z.strictObject({
    kind: z.literal("status"),
    status: z.int().min(400).max(599),
    retryAfterSeconds: z.number().optional(),
    ...matched,
  }),
]);

export type Fault = z.output<typeof fault>;

/** The faults in force, oldest first; each request meets the first that fits it. */
export class Faults {
  #faults: (Fault & { left: number })[] = [];

  add(one: Fault): void {
    this.#faults.push({ ...one, left: one.times ?? Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.#faults = [];
  }

  take({ method, url = "" }: IncomingMessage): Fault | undefined {
    const found = this.#faults.find(
      (one) =>
        one.left > 0 && (one.method === undefined || one.method === method) && url.startsWith(one.path ?? ""),
    );
    if (found !== undefined) found.left -= 1;
    return found;
  }
}

export async function slowness(one: Fault | undefined): Promise<void> {
  if (one?.kind === "slow") await setTimeout(one.milliseconds);
}
