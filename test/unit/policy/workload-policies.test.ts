import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { servicePolicies, sessionPolicy } from "../../../components/vault/policies.ts";
import { grantsOf } from "../../../policy/rules/grants.ts";
import { UNKNOWN } from "../../../policy/rules/resource.ts";
import { workloadPolicies } from "../../../policy/rules/workload-policies.ts";
import { anySettings } from "../arbitrary-settings.ts";
import { found, resource } from "./judged.ts";

const POLICY = "vault:index/policy:Policy";

function judge(policy: unknown, name = "p"): readonly string[] {
  return found(workloadPolicies, resource(POLICY, { name, policy }));
}

function grant(path: string, ...capabilities: readonly string[]): string {
  return `path "${path}" { capabilities = ${JSON.stringify(capabilities)} }\n`;
}

describe("a policy passes that", () => {
  it.each([
    ["reads one exact path", grant("kv/data/llm/openai", "read")],
    ["reads below a mount of several segments", grant("team/kv/data/llm/openai", "read")],
    [
      "lets a token look itself up and end itself",
      grant("auth/token/lookup-self", "read") + grant("auth/token/revoke-self", "update"),
    ],
    ["denies, even with a wildcard", grant("kv/*", "deny") + grant("sys/*", "deny", "read")],
    ["grants nothing", grant("kv/data/x")],
    ["issues from another engine", grant("pki/issue/web", "update") + grant("database/creds/web", "read")],
    ["has data only as the name of something else", grant("pki/issue/data", "update")],
    ["has a plus that is no whole segment", grant("kv/data/c++", "read")],
    [
      "mentions others in comments",
      `# path "*"\n// path "*"\n/* path "*" {} */${grant("kv/data/x", "read")}`,
    ],
    ["is written in JSON", '{"path": {"kv/data/x": {"capabilities": ["read"]}}}'],
    ["is not known yet", UNKNOWN],
  ])("%s", (_what, policy) => {
    expect(judge(policy)).toEqual([]);
  });

  it("any declaration generates", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const documents = [
          sessionPolicy("prefix", "dev"),
          ...settings.namespaces.flatMap((namespace) => servicePolicies("prefix", namespace)),
        ];
        for (const { name, document } of documents) expect(judge(document, name)).toEqual([]);
      }),
    );
  });
});

describe("a policy is refused that", () => {
  it.each([
    ["ends a path in a glob", grant("kv/data/llm/*", "read"), "kv/data/llm/*"],
    ["ends a path in part of a name", grant("kv/data/ll*", "read"), "kv/data/ll*"],
    ["skips a segment", grant("kv/data/+/openai", "read"), "kv/data/+/openai"],
    ["names any mount", grant("+/data/x", "read"), "+/data/x"],
    ["has a star in the middle", grant("kv/*/x", "read"), "kv/*/x"],
    ["names everything", grant("*", "read"), '"*"'],
    ["is filled in by identity", grant("kv/data/{{identity.entity.name}}", "read"), "identity.entity.name"],
    ["hides a glob behind a leading slash", grant("/kv/data/*", "read"), "kv/data/*"],
    ["hides a glob behind an escape", grant("kv/data/\\u002a", "read"), "kv/data/*"],
    ["writes", grant("kv/data/x", "read", "update"), "update"],
    ["creates", grant("kv/data/x", "create"), "create"],
    ["lists", grant("kv/data/x", "list"), "list"],
    ["has a capability that Vault will have one day", grant("kv/data/x", "recover"), "recover"],
    ["has sudo anywhere", grant("database/creds/web", "read", "sudo"), "sudo"],
    ["reads metadata", grant("kv/metadata/x", "read"), "kv/metadata/x"],
    ["lists a whole mount", grant("kv/metadata", "list"), "kv/metadata"],
    ["deletes versions", grant("kv/delete/x", "update"), "kv/delete/x"],
    ["destroys versions", grant("team/kv/destroy/x", "update"), "team/kv/destroy/x"],
    ["reads sys", grant("sys/mounts", "read"), "sys/mounts"],
    ["reads auth beyond itself", grant("auth/token/lookup", "update"), "auth/token/lookup"],
    ["renews itself", grant("auth/token/renew-self", "update"), "auth/token/renew-self"],
    ["updates what it may only read", grant("auth/token/lookup-self", "read", "update"), "lookup-self"],
    ["reads identity", grant("identity/entity/id/x", "read"), "identity/entity"],
    ["writes in the older words", 'path "kv/data/x" { policy = "write" }', "create, read, update"],
    ["lists in the older words", 'path "kv/data/x" { policy = "read" }', "list"],
    ["grants the same path twice", grant("kv/data/x", "read") + grant("kv/data/x", "delete"), "delete"],
    ["names a capability without a list", 'path "kv/data/x" { capabilities = "update" }', "update"],
    ["has a glob in JSON", '{"path": {"kv/*": {"capabilities": ["read"]}}}', "kv/*"],
    [
      "has the glob in the first of two JSON keys",
      '{"path": {"kv/*": {"capabilities": ["read"]}}, "path": {"kv/data/x": {"capabilities": ["read"]}}}',
      "kv/*",
    ],
    ["has a glob in a JSON list", '{"path": [{"kv/*": {"capabilities": ["read"]}}]}', "kv/*"],
  ])("%s", (_what, policy, words) => {
    const [first = "", ...others] = judge(policy);
    expect(first).toContain(words);
    expect(others).toEqual([]);
  });

  it.each([
    ["no policy", "hush-hush"],
    ["an unclosed block", 'path "kv/data/x" { capabilities = ["read"]'],
    ["an unclosed comment", '/* path "x" {}'],
    ["a heredoc", 'path "x" { comment = <<EOF\nx\nEOF\n}'],
    ["more after its end", '{"path": {}} path "*" {}'],
    ["a path that is two", 'path "a" "b" { capabilities = ["read"] }'],
    ["a path without a block", 'path "a" = "b"'],
    ["an old word that is none", 'path "a" { policy = "everything" }'],
    ["something else at its top", 'paths "a" { capabilities = ["read"] }'],
  ])("is %s: what cannot be read is not trusted, nor repeated", (_what, policy) => {
    const [first = "", ...others] = judge(policy);
    expect(first).toMatch(/^has a document that cannot be judged: /);
    expect(first).not.toContain("hush");
    expect(others).toEqual([]);
  });

  it("has one bad block among good ones, each reported once, wherever it stands", () => {
    const path = fc.stringMatching(/^kv\/data\/[a-z]{1,8}(\/[a-z]{1,8})?$/);
    const bad = fc.tuple(
      path.map((one) => `${one}/*`),
      fc.subarray(["read", "update", "list"], { minLength: 1 }),
    );
    fc.assert(
      fc.property(fc.array(path), fc.array(bad, { minLength: 1 }), fc.nat(), (good, broken, at) => {
        const blocks = good.map((one) => grant(one, "read"));
        blocks.splice(at % (blocks.length + 1), 0, ...broken.map(([one, words]) => grant(one, ...words)));
        expect(judge(blocks.join(""))).toHaveLength(broken.length);
      }),
    );
  });
});

it("a policy that is not for workloads passes only when it is named", () => {
  const admin = resource(POLICY, { name: "admin", policy: grant("sys/*", "sudo") });
  expect(found(workloadPolicies, admin, { otherPolicies: ["admins"] })).toHaveLength(1);
  expect(found(workloadPolicies, admin, { otherPolicies: ["admin"] })).toEqual([]);
});

it("reads in JSON what it reads in HCL, for any grants", () => {
  const path = fc.string({ minLength: 1 }).filter((text) => !text.startsWith("/"));
  const capabilities = fc.subarray(["create", "read", "update", "delete", "list"]);
  fc.assert(
    fc.property(fc.array(fc.tuple(path, capabilities)), (grants) => {
      const expected = grants.map(([one, words]) => ({ path: one, capabilities: words }));
      const hcl = grants.map(
        ([one, words]) => `path ${JSON.stringify(one)} { capabilities = ${JSON.stringify(words)} }`,
      );
      const json = { path: grants.map(([one, words]) => ({ [one]: { capabilities: words } })) };
      expect(grantsOf(hcl.join("\n"))).toEqual(expected);
      expect(grantsOf(JSON.stringify(json, null, 1))).toEqual(expected);
    }),
  );
});
