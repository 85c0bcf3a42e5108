import { describe, expect, it } from "vitest";
import { protectedMounts } from "../../../policy/rules/protected-mounts.ts";
import { found, resource } from "./judged.ts";

const production = { name: "eu", tier: "production" };

describe("protected-mounts", () => {
  const mounts = [
    "vault:index/mount:Mount",
    "vault:index/authBackend:AuthBackend",
    "vault:jwt/authBackend:AuthBackend",
    "vault:database/secretsMount:SecretsMount",
    "vault:aws/secretBackend:SecretBackend",
    "vault:index/audit:Audit",
  ];

  it.each(mounts)("refuses in production an unprotected %s", (type) => {
    expect(found(protectedMounts, resource(type), {}, production)).toEqual([
      "is not protected in the production stack eu",
    ]);
    expect(found(protectedMounts, resource(type, {}, { protect: true }), {}, production)).toEqual([]);
  });

  it.each(mounts)("leaves %s of development alone", (type) => {
    expect(found(protectedMounts, resource(type), {}, { name: "dev", tier: "development" })).toEqual([]);
    expect(found(protectedMounts, resource(type), {}, { name: "dev" })).toEqual([]);
  });

  it.each([
    "vault:kv/secretBackendV2:SecretBackendV2",
    "vault:kubernetes/authBackendRole:AuthBackendRole",
    "vault:index/policy:Policy",
    "aws:s3/bucket:Bucket",
    "example:index/mount:Mount",
  ])("leaves %s alone in production, which is no mount of Vault", (type) => {
    expect(found(protectedMounts, resource(type), {}, production)).toEqual([]);
  });

  it("takes a stack named prod, or as configured, for production whatever its file says", () => {
    const mount = resource("vault:index/mount:Mount");
    expect(found(protectedMounts, mount, {}, { name: "prod", tier: "development" })).toHaveLength(1);
    expect(found(protectedMounts, mount, { productionStacks: ["eu"] }, { name: "eu" })).toHaveLength(1);
    expect(found(protectedMounts, mount, { productionStacks: ["eu"] }, { name: "prod" })).toEqual([]);
  });
});
