import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { breakGlassPolicy } from "../../../access/operators/break-glass.ts";
import { breakGlassRestorePolicy } from "../../../access/operators/break-glass-restore.ts";
import { policyBlock } from "../../../access/operators/document.ts";
import { grantsOf } from "../../../policy/rules/grants.ts";
import { anySettings, settingsOf } from "../arbitrary-settings.ts";
import { rotating } from "../rotation/declarations.ts";

const dev = settingsOf("dev");
const both = { "break-glass": breakGlassPolicy, "break-glass-restore": breakGlassRestorePolicy };
const WRITES = ["create", "update", "patch", "delete"];

/** Path -> capabilities, as a policy's text has them. */
function granted(document: string): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(grantsOf(document).map(({ path, capabilities }) => [path, capabilities]));
}

function written(document: string): readonly string[] {
  return grantsOf(document)
    .filter(({ capabilities }) => capabilities.some((one) => WRITES.includes(one)))
    .map(({ path }) => path);
}

const denial = (index: number) =>
  policyBlock({
    path: `identity/group/name/vault-management-dev-denied-${index}`,
    capabilities: ["read", "update"],
    allowed: { member_entity_ids: [], metadata: [] },
  });

const enabling = (disabled: boolean) =>
  policyBlock({
    path: "identity/entity/id/*",
    capabilities: ["read", "update"],
    allowed: { disabled: [disabled] },
  });

describe("break-glass", () => {
  const { name, document } = breakGlassPolicy(dev);

  it("writes the denied groups' members and metadata, and nothing else of them", () => {
    expect(name).toBe("vault-management.dev.break-glass");
    for (const index of [0, 1, 2, 3]) expect(document).toContain(denial(index));
  });

  it("freezes an entity, and cannot let one in again", () => {
    expect(document).toContain(enabling(true));
    expect(document).not.toContain("false");
  });

  it("ends tokens, and destroys versions of the stack's mounts, but not those of its own memory", () => {
    expect(granted(document)).toMatchObject({
      "auth/token/accessors": ["list", "sudo"],
      "auth/token/revoke-accessor": ["update"],
      "kv/destroy/*": ["update"],
      "kv/metadata/*": ["read"],
      "kv/destroy/break-glass/dev": ["deny"],
    });
  });

  it("reads no value but its memory and the admin credentials of rotated keys, each by its own path", () => {
    const values = (text: string) =>
      Object.entries(granted(text))
        .filter(([path, capabilities]) => path.includes("/data/") && capabilities.includes("read"))
        .map(([path]) => path);
    expect(values(document)).toEqual(["kv/data/break-glass/dev"]);
    expect(values(breakGlassPolicy(rotating()).document)).toEqual([
      "kv/data/platform/openai-admin",
      "kv/data/break-glass/dev",
    ]);
    expect(granted(breakGlassPolicy(rotating()).document)["kv/data/platform/openai-admin"]).toEqual(["read"]);
    expect(granted(document)["kv/data/break-glass/dev-drill"]).toEqual(["create", "update"]);
  });
});

describe("break-glass-restore", () => {
  const { name, document } = breakGlassRestorePolicy(dev);

  it("lifts denials, lets frozen logins in again, and cannot freeze one", () => {
    expect(name).toBe("vault-management.dev.break-glass-restore");
    for (const index of [0, 1, 2, 3]) expect(document).toContain(denial(index));
    expect(document).toContain(enabling(false));
    expect(document).not.toContain("true");
  });

  it("ends no token, destroys no version and reads no value but the memory", () => {
    const paths = Object.keys(granted(breakGlassRestorePolicy(rotating()).document));
    expect(paths.filter((path) => /revoke|accessor/.test(path))).toEqual(["auth/token/revoke-self"]);
    expect(granted(document)["kv/destroy/break-glass/dev"]).toEqual(["deny"]);
    expect(paths.filter((path) => path.includes("/destroy/"))).toEqual(["kv/destroy/break-glass/dev"]);
    expect(paths.filter((path) => path.includes("/data/"))).toEqual(["kv/data/break-glass/dev"]);
  });
});

describe.each(Object.entries(both))("%s", (_name, policyOf) => {
  it("writes no policy, role, mount, token or entity of its own, for any declaration", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const { document } = policyOf(settings);
        for (const path of written(document)) {
          expect(path).toMatch(
            /^(auth\/token\/(revoke-self|lookup-accessor|revoke-accessor)|sys\/capabilities-(self|accessor)|identity\/(entity\/id\/\*|entity-alias|group\/name\/vault-management-[a-z0-9-]+-denied-\d)|[^/]+\/(destroy\/\*|(data|metadata)\/break-glass\/[a-z0-9-]+))$/,
          );
        }
        expect(document).not.toMatch(/policies|canonical_id/);
      }),
    );
  });
});
