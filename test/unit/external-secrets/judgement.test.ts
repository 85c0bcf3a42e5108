import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ExternalSecretManifest,
  externalSecretManifests,
} from "../../../components/external-secrets/external-secret.ts";
import {
  contains,
  judge,
  judgeStore,
  type LiveObject,
} from "../../../components/external-secrets/judgement.ts";
import { settingsOf } from "../arbitrary-settings.ts";

const settings = settingsOf("dev");
const [rendered] = settings.namespaces.flatMap((namespace) => externalSecretManifests(settings, namespace));
if (!rendered) throw new Error("the dev stack declares no secret");
const manifest: ExternalSecretManifest = rendered;

interface Told {
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly generation?: number;
  readonly synced?: string;
  readonly spec?: unknown;
}

/** As ESO leaves it: what it adds to the spec by itself included. */
function live(told: Told): LiveObject {
  const { status = "True", reason = "SecretSynced", message = "", generation = 2, synced = "2-abc" } = told;
  return {
    metadata: { name: manifest.metadata.name, generation },
    spec: told.spec ?? { ...manifest.spec, refreshPolicy: "Periodic" },
    status: { conditions: [{ type: "Ready", status, reason, message }], syncedResourceVersion: synced },
  };
}

describe("an ExternalSecret", () => {
  it("is ready when its newest generation is synced as rendered", () => {
    expect(judge(live({}), manifest)).toEqual({ state: "ready" });
  });

  it.each<readonly [string, LiveObject | undefined, "pending" | "failing", RegExp]>([
    ["is not there", undefined, "pending", /not been created/],
    [
      "has no status",
      { metadata: { name: "x", generation: 1 }, spec: manifest.spec },
      "pending",
      /not come to it/,
    ],
    ["is still Ready from before an edit", live({ synced: "1-abc" }), "pending", /newest generation/],
    ["was synced at generation 20, not 2", live({ synced: "20-abc" }), "pending", /newest generation/],
    [
      "has not been edited yet",
      live({ spec: { ...manifest.spec, data: [] } }),
      "pending",
      /not been applied/,
    ],
    [
      "failed after an edit",
      live({ status: "False", reason: "SecretSyncedError", message: "no" }),
      "failing",
      /^no$/,
    ],
    ["failed without a word", live({ status: "False", reason: "", message: "" }), "failing", /no reason/],
    ["was deleted for want of a value", live({ reason: "SecretDeleted" }), "failing", /Vault has no value/],
    ["has no Secret to add to", live({ reason: "SecretMissing" }), "failing", /does not exist/],
    [
      "is going",
      { ...live({}), metadata: { name: "x", generation: 2, deletionTimestamp: "2026-01-01T00:00:00Z" } },
      "pending",
      /being deleted/,
    ],
  ])("is waited for when it %s", (_case, object, state, reason) => {
    expect(judge(object, manifest)).toEqual({ state, reason: expect.stringMatching(reason) });
  });
});

describe("a SecretStore", () => {
  it("is ready when ESO could log in", () => {
    expect(judgeStore(live({ reason: "Valid" }))).toEqual({ state: "ready" });
    expect(judgeStore(live({ status: "False", message: "unable" }))).toEqual({
      state: "failing",
      reason: "unable",
    });
    expect(judgeStore(undefined).state).toBe("pending");
    expect(judgeStore({ metadata: { name: "x" } }).state).toBe("pending");
  });
});

describe("containment", () => {
  it("holds for anything and itself, with or without more beside it", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue()), (value, more) => {
        expect(contains({ ...more, spec: value }, { spec: value })).toBe(true);
      }),
    );
  });

  it("fails for another value, another length and a missing field", () => {
    expect(contains({ a: [1, 2] }, { a: [1] })).toBe(false);
    expect(contains({ a: [1] }, { a: [1, 2] })).toBe(false);
    expect(contains({ a: { b: "1" } }, { a: { b: 1 } })).toBe(false);
    expect(contains({}, { a: {} })).toBe(false);
    expect(contains(undefined, { a: 1 })).toBe(false);
    expect(contains(null, {})).toBe(false);
  });
});
