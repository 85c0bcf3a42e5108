import { describe, expect, it } from "vitest";
import { auditKeyProblems } from "../../../preflight/audit-keys.ts";
import { settingsOf } from "../arbitrary-settings.ts";

const settings = settingsOf("dev");
const tuned = (config: object) => ({ config: { default_lease_ttl: 0, ...config } });

describe("values in clear in the audit log", () => {
  it.each([
    ["no mount is there yet", {}, {}],
    ["nothing is tuned", { "kv/": tuned({}) }, { "kubernetes/": tuned({}) }],
    ["the lists were cleared by hand", { "kv/": tuned({ audit_non_hmac_request_keys: [""] }) }, {}],
    ["a mount of somebody else's has them", { "other/": tuned({ audit_non_hmac_request_keys: ["x"] }) }, {}],
  ])("are no problem where %s", (_when, mounts, auths) => {
    expect(auditKeyProblems(settings, mounts, auths)).toEqual([]);
  });

  it("are refused on the stack's KV and auth mounts, all together, with the command that hashes them again", () => {
    const mounts = {
      "kv/": tuned({
        audit_non_hmac_request_keys: ["data"],
        audit_non_hmac_response_keys: ["data", "value"],
      }),
    };
    const auths = { "kubernetes/": tuned({ audit_non_hmac_request_keys: ["jwt"] }) };
    expect(auditKeyProblems(settings, mounts, auths)).toMatchObject([
      { path: "vault.mounts.kv", fix: expect.stringContaining('-audit-non-hmac-request-keys="" kv/') },
      { path: "vault.mounts.kv", found: expect.stringContaining('"data", "value"') },
      { path: "vault.auth.mount", fix: expect.stringContaining("vault auth tune") },
    ]);
  });
});
