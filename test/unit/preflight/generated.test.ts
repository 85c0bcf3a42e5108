import { describe, expect, it } from "vitest";
import { generatedSecrets } from "../../../config/generated-secrets.ts";
import { generatedProblem } from "../../../preflight/generated.ts";
import { dataPath, generated, settingsWithData } from "../generated/declarations.ts";

const [secret] = generatedSecrets(
  settingsWithData({ a: generated("password", { epoch: 2 }), b: generated("token", { epoch: 3 }) }),
);
if (secret === undefined) throw new Error("one is declared");

const written = "2026-01-02T03:04:05Z";
const metadata = (current_version: number, fields: object = {}) => ({
  current_version,
  versions: { [current_version]: { created_time: written, deletion_time: "", destroyed: false, ...fields } },
});
const subkeys = (...names: readonly string[]) => ({
  subkeys: Object.fromEntries(names.map((name) => [name, null])),
});
const problem = (of: object, names: object = {}) => generatedProblem(secret, { ...of }, { ...names });

describe("a generated secret", () => {
  it("is fine when it is as declared, or still to be written over the version before", () => {
    expect(problem(metadata(3), subkeys("token", "password"))).toBeUndefined();
    expect(problem(metadata(2), subkeys("anything"))).toBeUndefined();
    const later = { deletion_time: "2999-01-01T00:00:00Z" };
    expect(problem(metadata(3, later), subkeys("token", "password"))).toBeUndefined();
  });

  it.each([
    [
      "somebody else wrote a newer version",
      problem(metadata(4)),
      "b",
      /version 4 at kv\/llm\/db, written 2026.*somebody else/,
      /epoch: 5 here; to keep it, write llm\/db#<property>/,
    ],
    ["an epoch was left out", problem(metadata(1)), "b", /version 1 at/, /epoch: 2 here/],
    [
      "it was deleted with all its versions",
      problem({}),
      "b",
      /nothing at kv\/llm\/db.*version 2 or 3/,
      /epoch: 1 here/,
    ],
    [
      "its version was deleted",
      problem(metadata(3, { deletion_time: written })),
      "b",
      /version 3 .*deleted/,
      /epoch: 4 .*undelete -mount=kv -versions=3 llm\/db/,
    ],
    [
      "its version was destroyed",
      problem(metadata(3, { destroyed: true })),
      "b",
      /destroyed/,
      /epoch: 4 here for a new value$/,
    ],
    [
      "a property came without a new epoch",
      problem(metadata(3), subkeys("token")),
      "a",
      /with token, and here password, token/,
      /epoch: 4 here/,
    ],
    [
      "a property went without one",
      problem(metadata(3), subkeys("old", "password", "token")),
      "b",
      /with old, password, token/,
      /epoch: 4 here/,
    ],
  ])("is a problem when %s", (_what, found, key, words, fix) => {
    expect(found).toMatchObject({
      path: `${dataPath}.${key}.epoch`,
      found: expect.stringMatching(words),
      fix: expect.stringMatching(fix),
    });
  });
});
