import { describe, expect, test } from "vitest";
import { until } from "../../sandbox/processes/until.ts";
import { RateLimit } from "../../sandbox/providers/rate-limit.ts";
import { startProvider } from "../../sandbox/providers/server.ts";
import type { RotationCase } from "./rotation/case.ts";
import {
  at,
  create,
  down,
  type GivesUp,
  impatient,
  list,
  models,
  once,
  remove,
  slow,
  status,
} from "./rotation/faults.ts";
import { overlapOver } from "./rotation/matrix.ts";
import { leaks, named, type Trouble, troubles } from "./rotation/trouble.ts";

const trouble = troubles("trouble");

const beforePromotion: readonly GivesUp[] = [
  {
    name: "the provider is down: nobody listens",
    code: 4,
    says: /list service accounts: found no answer from .*ECONNREFUSED.*the provider is up/,
    begin: whereNobodyListens,
  },
  at({ ...down, ...list }, { name: "it cuts the list off", says: /list service accounts: found no answer/ }),
  at(
    { ...down, ...create },
    {
      name: "it cuts a creation off before carrying it out",
      says: /create a service account: found no answer/,
    },
  ),
  at(
    { ...down, ...create, ...once, afterwards: true },
    {
      name: "it carries a creation out, and the answer is lost",
      says: /create a service account: found no answer/,
      orphans: [2],
    },
  ),
  at({ ...down, ...models }, { name: "it cuts the test off", says: /test the staged key: found no verdict/ }),
  at({ ...slow, ...list }, { name: "it hangs on the list", says: /list service accounts: found no answer/ }),
  at(
    { ...slow, ...create },
    {
      name: "it hangs on a creation, and carries it out when nobody waits any more",
      says: /create a service account: found no answer/,
      afterwards: (rotation) => keysAre(rotation, 2),
      orphans: [2],
    },
  ),
  at({ ...slow, ...models }, { name: "it hangs on the test", says: /test the staged key: found no verdict/ }),
  at(
    { ...status(429, 60), ...list },
    { name: "it answers 429 to the list for longer than a run waits", says: /status 429, retry after 60 s/ },
  ),
  at(
    { ...status(429, 60), ...create },
    {
      name: "it answers 429 to a creation for longer than a run waits",
      says: /status 429, retry after 60 s/,
    },
  ),
  at({ ...status(429, 60), ...models }, { name: "it answers 429 to the test", says: /found no verdict/ }),
  at({ ...status(503), ...list }, { name: "it fails at the list for ever", says: /found status 503/ }),
  at(
    { ...status(500), ...create, ...once },
    { name: "it fails at a creation, which is not tried again blindly", says: /found status 500/ },
  ),
  at({ ...status(502), ...models }, { name: "it fails at the test for ever", says: /found no verdict/ }),
  {
    name: "it refuses the new key",
    provider: { refuseNewKeys: true },
    code: 5,
    says: /staged key .*-2: found a refusal by the provider for 2 s/,
  },
  {
    name: "it refuses the new key, and fails to delete it",
    provider: { refuseNewKeys: true },
    faults: [{ ...status(503), ...remove }],
    code: 4,
    says: /delete a service account: found status 503/,
  },
];

describe.concurrent("whatever is wrong at the provider before promotion", () => {
  test.each(named(beforePromotion))(
    "%s: current stays as it is, and the next run rotates",
    async (_, one) => {
      const outcome = await trouble(one);
      const { ended, before, after, events, orphansLeft, orphansAfter, failures, next, wrong } = outcome;
      expect([ended.code, ended.output]).toEqual([one.code, expect.stringMatching(one.says)]);
      expect(after).toEqual(before);
      expect(events).toContainEqual({
        ...{ reason: "RotationFailed", type: "Warning" },
        note: expect.stringMatching(one.says),
      });
      expect(orphansLeft.map((name) => Number(name.split("-").at(-1)))).toEqual(one.orphans ?? []);
      expect([next.code, next.output]).toEqual([0, expect.stringContaining('"step":"RotationPromoted"')]);
      expect({ orphansAfter, failures, wrong }).toEqual({ orphansAfter: [], failures: [], wrong: [] });
      expect(leaks(outcome)).toEqual([]);
    },
  );

  test("a key that it refuses is told, and gone at once", async () => {
    const { events, keysLeft } = await trouble({ provider: { refuseNewKeys: true } });
    expect(events.map(({ reason }) => reason)).toContain("RotationRefused");
    expect(keysLeft).toHaveLength(1);
  });

  test("what it says of its rate limit is not tried out: nothing is sent again before the time it names", async () => {
    const { requests } = await trouble({ faults: [{ ...status(429, 60), ...create }] });
    expect(requests.filter((kind) => kind.startsWith("provider POST"))).toHaveLength(1);
  });
});

/** The run ends well in spite of it. */
const passing: readonly (Trouble & { readonly name: string })[] = [
  { name: "cuts the list off once", faults: [{ ...down, ...list, ...once }] },
  {
    name: "hangs on the list once",
    faults: [{ ...slow, ...list, ...once }],
    options: { limits: { ...impatient.limits, retry: 20 } },
  },
  { name: "fails at the list once", faults: [{ ...status(503), ...list, ...once }] },
  { name: "answers 429 to the list once", faults: [{ ...status(429, 1), ...list, ...once }] },
  { name: "answers 429 to a creation once", faults: [{ ...status(429, 1), ...create, ...once }] },
  { name: "cuts the test off once", faults: [{ ...down, ...models, ...once }] },
  { name: "fails at the test once", faults: [{ ...status(500), ...models, ...once }] },
  { name: "knows the new key only after a while", provider: { newKeyDelayMs: 700 } },
];

describe.concurrent("what passes at the provider", () => {
  test.each(named(passing))("it %s: the same run rotates", async (_, one) => {
    const { ended, before, after, failures, orphansLeft, wrong } = await trouble(one);
    expect([ended.code, ended.output]).toEqual([0, expect.stringContaining('"step":"RotationPromoted"')]);
    expect(after.version).toBe((before.version ?? 0) + 1);
    expect({ orphansLeft, failures, wrong }).toEqual({ orphansLeft: [], failures: [], wrong: [] });
  });
});

// Alone: beside others, one request in five seconds may be all that a run comes to.
test("one request in five seconds is allowed: each that is too many waits as long as it is told, in every step", async () => {
  const rateLimit = new RateLimit(1, 5_000);
  const { ended } = await trouble({ provider: { rateLimit }, options: { limits: { retry: 60, test: 60 } } });
  expect([ended.code, ended.output]).toEqual([0, expect.any(String)]);
  expect(rateLimit.refused).toBeGreaterThanOrEqual(2);
  expect(rateLimit.early).toBe(0);
});

const atTheEnd: readonly GivesUp[] = [
  at(
    { ...down, ...models },
    {
      command: "finish",
      name: "it is down when the live key is tried",
      says: /test the live key: found no verdict/,
    },
  ),
  at(
    { ...status(401), ...models },
    {
      command: "finish",
      name: "it does not take the live key",
      code: 6,
      says: /live slot .*: found a key that the provider refuses/,
    },
  ),
  at(
    { ...down, ...remove },
    {
      command: "finish",
      name: "it cuts the revocation off",
      says: /delete a service account: found no answer/,
    },
  ),
  at(
    { ...slow, ...remove },
    {
      command: "finish",
      name: "it hangs on the revocation",
      says: /delete a service account: found no answer/,
    },
  ),
  at(
    { ...status(429, 60), ...remove },
    { command: "finish", name: "it answers 429 to the revocation", says: /status 429, retry after 60 s/ },
  ),
  at(
    { ...status(503), ...remove },
    { command: "finish", name: "it fails at the revocation for ever", says: /found status 503/ },
  ),
];

describe.concurrent("whatever is wrong at the provider when previous is due", () => {
  test.each(named(atTheEnd))("%s: the next run revokes it", async (_, one) => {
    const outcome = await trouble(one);
    const { ended, before, after, events, failures, next, wrong } = outcome;
    expect([ended.code, ended.output]).toEqual([one.code, expect.stringMatching(one.says)]);
    expect(after).toEqual(before);
    expect(events).toContainEqual({
      ...{ reason: "RotationFailed", type: "Warning" },
      note: expect.stringMatching(one.says),
    });
    expect(next.code).toBe(0);
    expect({ failures, wrong }).toEqual({ failures: [], wrong: [] });
    expect(leaks(outcome)).toEqual([]);
  });

  test("it does not take the live key any more: rotate replaces that first, then revokes previous", async () => {
    const { ended, before, after, wrong } = await trouble({
      begin: async (rotation) => {
        await rotation.end("rotate", "job-earlier");
        await overlapOver(rotation);
        const { value = "" } = (await rotation.live()) ?? {};
        rotation.ground.provider.state.keys.mark(value, "expired");
        return () => Promise.resolve();
      },
    });
    expect([ended.code, ended.output]).toEqual([
      0,
      expect.stringMatching(/"step":"RotationPromoted"[\s\S]*"step":"RotationRevoked"/),
    ]);
    expect(after.version).toBe((before.version ?? 0) + 2);
    expect(wrong).toEqual([]);
  });

  test("it carries the revocation out, and the answer is lost: the same run asks again, and takes 404 for done", async () => {
    const faults = [{ ...down, ...remove, ...once, afterwards: true }];
    const { ended, keysLeft, failures, wrong } = await trouble({ command: "finish", faults });
    expect([ended.code, ended.output]).toEqual([0, expect.stringContaining('"step":"RotationRevoked"')]);
    expect(keysLeft).toHaveLength(1);
    expect({ failures, wrong }).toEqual({ failures: [], wrong: [] });
  });
});

async function whereNobodyListens(rotation: RotationCase) {
  const gone = await startProvider(rotation.ground.adminKey);
  await gone.close();
  await rotation.respecify({ provider: { kind: "openai", baseUrl: `${gone.address}/v1` } });
  return () => rotation.respecify({});
}

function keysAre(rotation: RotationCase, count: number): Promise<true> {
  return until(`the provider has ${count} keys`, { deadlineMs: 30_000 }, async () =>
    rotation.accounts().length === count ? true : undefined,
  );
}
