import { describe, expect, test } from "vitest";
import type { RotationCase } from "./rotation/case.ts";
import {
  deletes,
  deletesMetadata,
  destroys,
  inTurn,
  overwrites,
  setsMetadata,
  undeletes,
  writesAnew,
} from "./rotation/hands.ts";
import { leaks, named, type Trouble, troubles } from "./rotation/trouble.ts";

/** Somebody's hands in the slots while a rotation is at work. */

const trouble = troubles("hands");

const stateWrite = (n: number) => `vault POST /v1/rotation-test/data/rotation/<id> #${n}`;
/** The write of the key that was made, after the claim and the intent to make it. */
const STAGING = stateWrite(3);
const TEST = "provider GET /v1/models #1";
const PROMOTION = "vault POST /v1/rotation-test/data/live/<id> #1";

const HAND = "sk-put-by-hand-0123456789";
const byHand = (before: Readonly<Record<string, unknown>>, { ground: { provider } }: RotationCase) => ({
  ...before,
  api_key: provider.state.keys.putKey(HAND).value,
});
const vanishing = (which: "live" | "state") => setsMetadata(which, { delete_version_after: "24h" });
const staying = (which: "live" | "state") =>
  inTurn(setsMetadata(which, { delete_version_after: "0s" }), writesAnew(which));

interface Refused extends Trouble {
  readonly name: string;
  readonly says: RegExp;
}

/** Ends with exit code 6, and the next run goes on. */
const stateChanged: readonly Refused[] = [
  {
    name: "overwritten with something else",
    during: { label: STAGING, ...overwrites("state", () => ({ note: "mine" })) },
    says: /state slot rotation-test\/rotation\/.*: found .*; allowed: what the rotator wrote; fix: restore an older version/,
  },
  {
    name: "written once more, as it was",
    during: { label: STAGING, act: writesAnew("state") },
    says: /state slot .*: found version \d+, which no run wrote; .*fix: leave the slot alone.*run again/,
  },
  {
    name: "removed with its metadata",
    during: { label: STAGING, act: deletesMetadata("state") },
    says: /state slot .*: found no document \(absent\)/,
  },
  {
    name: "made to vanish by its metadata",
    during: { label: STAGING, act: vanishing("state"), mend: staying("state") },
    says: /state slot .*: found version \d+, which Vault deletes at .*; fix: vault kv metadata put .*-delete-version-after=0s/,
  },
];

describe.concurrent("the state slot is changed by hand in mid-rotation", () => {
  test.each(named(stateChanged))("%s: current stays as it is, and the next run goes on", async (_, one) => {
    const outcome = await trouble(one);
    const { ended, before, after, events, orphansLeft, orphansAfter, failures, next, wrong } = outcome;
    expect([ended.code, ended.output]).toEqual([6, expect.stringMatching(one.says)]);
    expect(after).toEqual(before);
    expect(events).toContainEqual({
      ...{ reason: "RotationFailed", type: "Warning" },
      note: expect.stringMatching(one.says),
    });
    expect(orphansLeft.length).toBeLessThanOrEqual(2);
    expect([next.code, next.output]).toEqual([0, expect.stringContaining('"step":"RotationPromoted"')]);
    expect({ orphansAfter, failures, wrong }).toEqual({ orphansAfter: [], failures: [], wrong: [] });
    expect(leaks(outcome)).toEqual([]);
  });
});

/** Ends with exit code 6; what the hand left is what stays. */
const liveChanged: readonly (Refused & { readonly liveIs: "the hand's" | "nothing" })[] = [
  {
    name: "another value is written while the new key is tried, and put back after",
    during: { label: TEST, ...overwrites("live", byHand) },
    says: /live slot .*#api_key: found another value in version 2; allowed: the value of version 1.*; fix: put that value back \(vault kv rollback/,
    liveIs: "the hand's",
  },
  {
    name: "another value is written while the new key is tried, and kept",
    during: { label: TEST, act: overwrites("live", byHand).act, mend: deletes("state") },
    says: /found another value in version 2; .* or begin from what is there: vault kv delete -mount=rotation-test rotation\//,
    liveIs: "the hand's",
  },
  {
    name: "another value is written between the last look and the promotion",
    during: { label: PROMOTION, ...overwrites("live", byHand) },
    says: /found another value in version 2/,
    liveIs: "the hand's",
  },
  {
    name: "deleted while the new key is tried",
    during: { label: TEST, act: deletes("live"), mend: undeletes("live", 1) },
    says: /found nothing \(deleted\) in version 1; .*fix: bring it back \(vault kv undelete .*-versions=1/,
    liveIs: "nothing",
  },
  {
    name: "destroyed while the new key is tried",
    during: { label: TEST, act: destroys("live", 1), mend: deletes("state") },
    says: /found nothing \(destroyed\) in version 1; .*fix: begin from what is there: vault kv delete/,
    liveIs: "nothing",
  },
  {
    name: "removed with its metadata while the new key is tried",
    during: { label: TEST, act: deletesMetadata("live"), mend: deletes("state") },
    says: /found nothing \(absent\) in version 0; .*fix: begin from what is there/,
    liveIs: "nothing",
  },
  {
    name: "deleted before the run",
    begin: async (rotation) => {
      await deletes("live")(rotation);
      return () => undeletes("live", 1)(rotation);
    },
    says: /live slot .*: found version 1, deleted; .*fix: bring it back: vault kv undelete/,
    liveIs: "nothing",
  },
];

describe.concurrent("the live slot is changed by hand in mid-rotation", () => {
  test.each(named(liveChanged))("%s: it is not written over, and the next run goes on", async (_, one) => {
    const outcome = await trouble(one);
    const { ended, after, events, orphansAfter, next } = outcome;
    expect([ended.code, ended.output]).toEqual([6, expect.stringMatching(one.says)]);
    expect(after.value).toBe(one.liveIs === "nothing" ? undefined : HAND);
    expect(events.map(({ reason }) => reason)).toContain("RotationFailed");
    expect([next.code, next.output]).toEqual([0, expect.stringContaining('"step":"RotationPromoted"')]);
    expect(orphansAfter).toEqual([]);
    expect(leaks(outcome)).toEqual([]);
  });

  test("made to vanish by its metadata: said once the key is live, and by each run until it stays", async () => {
    const says = /live slot .*: found version 2, which Vault deletes at .*; fix: vault kv metadata put/;
    const outcome = await trouble({
      begin: async (rotation) => {
        await vanishing("live")(rotation);
        return async () => {
          const again = await rotation.end("rotate");
          expect([again.code, again.output]).toEqual([6, expect.stringMatching(says)]);
          await staying("live")(rotation);
        };
      },
    });
    const { ended, next, orphansAfter, failures, wrong } = outcome;
    expect([ended.code, ended.output]).toEqual([6, expect.stringMatching(says)]);
    expect(next.code).toBe(0);
    expect({ orphansAfter, failures, wrong }).toEqual({ orphansAfter: [], failures: [], wrong: [] });
  });

  test("destroyed before the run: it is made anew", async () => {
    const { ended, after } = await trouble({
      begin: async (rotation) => {
        await destroys("live", 1)(rotation);
        return async () => {};
      },
    });
    expect([ended.code, ended.output]).toEqual([0, expect.any(String)]);
    expect(after.version).toBe(2);
  });
});

const another = (before: Readonly<Record<string, unknown>>) => ({ ...before, another: "property" });

const harmless: readonly (Trouble & { readonly name: string })[] = [
  { name: "the state slot is deleted", during: { label: STAGING, act: deletes("state") } },
  { name: "the state slot's version is destroyed", during: { label: STAGING, act: destroys("state", 3) } },
  {
    name: "another property is written meanwhile",
    during: { label: PROMOTION, act: overwrites("live", another).act },
  },
  {
    name: "the slots keep one version, take check-and-set alone, and carry notes",
    during: {
      label: STAGING,
      act: inTurn(
        setsMetadata("live", { max_versions: 1, cas_required: true, custom_metadata: { owner: "me" } }),
        setsMetadata("state", { max_versions: 1, cas_required: true, custom_metadata: { owner: "me" } }),
      ),
    },
  },
];

describe.concurrent("what does not matter to a rotation", () => {
  test.each(named(harmless))("%s: the run ends well", async (_, one) => {
    const { ended, failures, orphansLeft } = await trouble(one);
    expect([ended.code, ended.output]).toEqual([0, expect.stringContaining('"step":"RotationPromoted"')]);
    expect({ failures, orphansLeft }).toEqual({ failures: [], orphansLeft: [] });
  });
});
