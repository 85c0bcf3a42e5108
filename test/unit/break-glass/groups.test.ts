import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deniedMetadata, deniedPaths } from "../../../access/operators/denial.ts";
import {
  denies,
  type Group,
  groupFor,
  withDenials,
  withoutDenials,
} from "../../../cli/break-glass/groups.ts";

const none: Group = { members: [], metadata: {} };
const denying = (...paths: readonly string[]): Group => ({ members: [], metadata: deniedMetadata(paths) });
const full = denying(...Array.from({ length: 16 }, (_, n) => `kv/data/full/${n}`));

const segment = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
const path = fc
  .array(segment, { minLength: 1, maxLength: 3 })
  .map((parts) => ["kv", "data", ...parts].join("/"));
const few = fc.uniqueArray(path, { minLength: 1, maxLength: 5 });
const entities = fc.uniqueArray(fc.uuid(), { maxLength: 5 });
const nothingKept = { paths: [], members: [] };

describe("a denying group", () => {
  it("denies what it is given, and what it denied before", () => {
    fc.assert(
      fc.property(few, few, entities, entities, (before, more, some, others) => {
        const group = withDenials(withDenials(none, before, some), more, others);
        expect(denies(group, [...before, ...more], [...some, ...others])).toBe(true);
      }),
    );
  });

  it("given the same again is the same", () => {
    fc.assert(
      fc.property(few, entities, (paths, members) => {
        const once = withDenials(none, paths, members);
        expect(withDenials(once, paths, members)).toEqual(once);
      }),
    );
  });

  it("is as before once a denial was lifted, save what other incidents need", () => {
    fc.assert(
      fc.property(few, few, entities, entities, (before, more, some, others) => {
        const first = withDenials(none, before, some);
        const kept = { paths: before, members: some };
        const lifted = withoutDenials(withDenials(first, more, others), more, others, kept);
        expect(deniedPaths(lifted.metadata).toSorted()).toEqual(before.toSorted());
        expect(lifted.members).toEqual(first.members);
      }),
    );
    const alone = withDenials(none, ["kv/data/a/b"], ["e1"]);
    expect(withoutDenials(alone, ["kv/data/a/b"], ["e1"], nothingKept)).toEqual(none);
  });

  it("is the one that denies the path already, else the first with room", () => {
    expect(groupFor([none, none], ["kv/data/a/b"])).toBe(0);
    expect(groupFor([none, denying("kv/data/a/b")], ["kv/data/a/b"])).toBe(1);
    expect(groupFor([full, none], ["kv/data/a/b"])).toBe(1);
  });

  it("says when no group has room, or a path is beyond a template", () => {
    expect(() => groupFor([full, full], ["kv/data/a/b"])).toThrow(/No denying group has room.*Restore/);
    expect(() => groupFor([none], ["kv/data/a*"])).toThrow(/cannot be denied.*kv\/data\/a\*/);
    const many = Array.from({ length: 17 }, (_, n) => `kv/data/many/${n}`);
    expect(() => groupFor([none], many)).toThrow(/17 paths are too many.*--freeze <namespace>/);
  });

  it("goes on with the incident's own, and refuses what that has no room for", () => {
    expect(groupFor([none, denying("kv/data/a/b")], ["kv/data/a/b", "kv/data/c/d"], { group: 1 })).toBe(1);
    expect(groupFor([none, full], ["kv/data/full/3"], { group: 1 })).toBe(1);
    expect(() => groupFor([none, full], ["kv/data/a/b"], { group: 1 })).toThrow(
      /has no room.*kv\/data\/a\/b/,
    );
  });
});
