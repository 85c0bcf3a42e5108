import { expect, test } from "vitest";
import { RateLimit } from "../../../sandbox/providers/rate-limit.ts";

test("allows so many requests in a window, refuses more until it is over, and counts who did not wait", () => {
  const limit = new RateLimit(2, 1_500);
  const taken = [1_000, 1_100, 1_200, 1_300, 2_500, 2_600, 4_000].map((now) => limit.take(now));
  expect(taken).toEqual([undefined, undefined, 2, 2, undefined, undefined, undefined]);
  expect({ refused: limit.refused, early: limit.early }).toEqual({ refused: 2, early: 1 });
});
