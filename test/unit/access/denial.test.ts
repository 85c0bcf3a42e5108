import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DENIED_GROUPS,
  deniedGroups,
  deniedMetadata,
  deniedPaths,
  deniedPolicies,
  isDeniable,
  MOST_PAIRS,
  memoryPlace,
  roomFor,
  SLOTS,
} from "../../../access/operators/denial.ts";
import { settingsOf } from "../arbitrary-settings.ts";

const segment = fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/);
const path = fc.array(segment, { minLength: 3, maxLength: 8 }).map((segments) => segments.join("/"));
const fitting = fc.uniqueArray(path, { maxLength: SLOTS }).filter(roomFor);

/** What Vault makes of the policy of a member of the group: templates with a value, and no others. */
function rendered(document: string, metadata: Readonly<Record<string, string>>): readonly string[] {
  return [...document.matchAll(/^path "(.*)" \{\n {2}capabilities = \["deny"\]\n\}$/gm)].flatMap(
    ([, template = ""]) => {
      const segments = template
        .split("/")
        .map((one) => metadata[/metadata\.([^.}]+)\}\}$/.exec(one)?.[1] ?? ""]);
      return segments.includes(undefined) ? [] : [segments.join("/")];
    },
  );
}

describe("the denied groups", () => {
  it("are four for each environment, each with a policy of its own; no dot ends a group's name in a template", () => {
    expect(deniedGroups("dev").length).toBe(DENIED_GROUPS);
    expect(deniedGroups("dev")[3]).toEqual({
      name: "vault-management-dev-denied-3",
      path: "identity/group/name/vault-management-dev-denied-3",
      policy: "vault-management.dev.denied-3",
    });
    for (const { name } of deniedGroups("dev")) expect(name).not.toContain(".");
  });

  it("have policies that deny and grant nothing, the same whatever is denied", () => {
    for (const { document } of deniedPolicies("dev")) {
      const capabilities = [...document.matchAll(/capabilities = (.*)$/gm)].map(([, list]) => list);
      expect(new Set(capabilities)).toEqual(new Set(['["deny"]']));
      expect(document).not.toMatch(/parameters|\*|\+/);
    }
    expect(deniedPolicies("dev")).toEqual(deniedPolicies("dev"));
    expect(deniedPolicies("dev")[0]?.name).toBe("vault-management.dev.denied-0");
  });

  it("name in each policy their own group alone: metadata of another's denies nothing here", () => {
    for (const [index, { document }] of deniedPolicies("dev").entries()) {
      const groups = new Set([...document.matchAll(/names\.([^.]+)\./g)].map(([, name]) => name));
      expect(groups).toEqual(new Set([`vault-management-dev-denied-${index}`]));
    }
  });
});

describe("a group's metadata", () => {
  it("has a value for each segment: no value has a slash, which a hardened Vault would skip", () => {
    expect(deniedMetadata(["kv/data/llm/openai", "database/creds/orders"])).toEqual({
      "0-4-0": "kv",
      "0-4-1": "data",
      "0-4-2": "llm",
      "0-4-3": "openai",
      "1-3-0": "database",
      "1-3-1": "creds",
      "1-3-2": "orders",
    });
    expect(deniedMetadata([])).toEqual({});
  });

  it("denies exactly the paths that it was made of, and says them again, for any paths that fit", () => {
    const [policy] = deniedPolicies("dev");
    fc.assert(
      fc.property(fitting, (paths) => {
        const metadata = deniedMetadata(paths);
        expect(rendered(policy?.document ?? "", metadata)).toEqual(paths);
        expect(deniedPaths(metadata)).toEqual(paths);
        expect(Object.keys(metadata).length).toBeLessThanOrEqual(MOST_PAIRS);
        expect(Object.values(metadata).join()).not.toContain("/");
      }),
    );
  });

  it("of somebody else's making, or of a slot that is not whole, says no path", () => {
    expect(deniedPaths({})).toEqual([]);
    expect(deniedPaths({ note: "kv/data/x", "0-3-0": "kv", "0-3-1": "data", "0-4-3": "x" })).toEqual([]);
  });

  it("has room for sixteen paths of four segments and for no seventeenth", () => {
    const paths = Array.from({ length: 17 }, (_, index) => `kv/data/llm/key-${index}`);
    expect(roomFor(paths.slice(0, 16))).toBe(true);
    expect(roomFor(paths)).toBe(false);
    expect(() => deniedMetadata(paths)).toThrow(/no room/);
    expect(roomFor(Array.from({ length: 13 }, (_, index) => `kv/data/a/b/${index}`))).toBe(false);
  });

  it.each([
    ["kv/data/llm/openai", true],
    ["database/creds/orders-report", true],
    ["kv/data/a/b/c/d/e/f", true],
    ["kv/data/a/b/c/d/e/f/g", false],
    ["kv/data", false],
    ["kv/data/", false],
    ["kv/data/llm/*", false],
    ["kv/data/+/openai", false],
  ])("can deny %s: %s", (one, expected) => {
    expect(isDeniable(one)).toBe(expected);
  });
});

it("the memory of incidents stands in the first KV mount, below a path of break-glass's own", () => {
  expect(memoryPlace(settingsOf("dev"))).toEqual({ mount: "kv", path: "break-glass/dev" });
});
