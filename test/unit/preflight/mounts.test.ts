import { describe, expect, it } from "vitest";
import { ownerOf } from "../../../components/vault/ownership.ts";
import { authMountProblems, kvMountProblems } from "../../../preflight/mounts.ts";
import { settingsOf } from "../arbitrary-settings.ts";

const settings = settingsOf("dev");
const kv2 = (description: string) => ({ type: "kv", description, options: { version: "2" } });

describe("a KV mount", () => {
  it.each([
    ["does not exist", { "sys/": { type: "system", description: "" }, "kvother/": kv2("") }],
    ["is this stack's own", { "kv/": kv2("vault-management dev") }],
  ])("is fine when it %s", (_when, listed) => {
    expect(kvMountProblems(settings, listed)).toEqual([]);
  });

  it.each([
    ["another stack's", { "kv/": kv2("vault-management prod") }, /stack of environment prod/, /another name/],
    [
      "somebody else's",
      { "kv/": kv2("team secrets") },
      /"team secrets"/,
      /secrets tune -description="vault-management dev" kv\/.*--import-file/,
    ],
    [
      "of version 1",
      { "kv/": { type: "kv", description: "", options: {} } },
      /KV mount of version 1/,
      /enable-versioning kv\//,
    ],
    [
      "another engine",
      { "kv/": { type: "transit", description: "vault-management dev" } },
      /type transit/,
      /another name/,
    ],
    ["below ours", { "kv/team/": kv2("") }, /overlaps the existing mount "kv\/team"/, /another name/],
  ])("is refused when it is %s", (_whose, listed, found, fix) => {
    expect(kvMountProblems(settings, listed)).toEqual([
      expect.objectContaining({
        path: "vault.mounts.kv",
        found: expect.stringMatching(found),
        fix: expect.stringMatching(fix),
      }),
    ]);
  });
});

describe("the auth mount", () => {
  it("is fine when it is this stack's own", () => {
    expect(
      authMountProblems(settings, {
        "kubernetes/": { type: "kubernetes", description: "vault-management dev" },
      }),
    ).toEqual([]);
  });

  it.each([
    [
      "another stack's",
      { type: "kubernetes", description: "vault-management prod" },
      /stack of environment prod/,
    ],
    ["somebody else's", { type: "kubernetes", description: "" }, /not made by this program/],
    ["of another method", { type: "jwt", description: "vault-management dev" }, /type jwt/],
  ])("is refused when it is %s", (_whose, mount, found) => {
    expect(authMountProblems(settings, { "kubernetes/": mount })).toEqual([
      expect.objectContaining({ path: "vault.auth.mount", found: expect.stringMatching(found) }),
    ]);
  });
});

it.each([
  ["vault-management dev", "dev"],
  ["vault-management", undefined],
  ["vault-management for the dev team", undefined],
  ["", undefined],
])("a mount described as %j belongs to %s", (description, environment) => {
  expect(ownerOf(description)).toBe(environment);
});
