import { describe, expect, it } from "vitest";
import { vaultDifferences } from "../../../cli/drift/vault/compare.ts";
import { unsaidOf } from "../../../cli/drift/vault/unsaid.ts";

describe("what Vault holds against what is declared", () => {
  it.each([
    ["a list in another order", { policies: ["b", "a"] }, { policies: ["a", "b"] }],
    ["a duration in seconds", { ttl: "1h" }, { ttl: 3600 }],
    ["nothing in another way", { list: [] }, { list: null }],
    ["a field that Vault adds", { a: 1 }, { a: 1, mode: "default" }],
  ])("is no drift: %s", (_, declared, found) => {
    expect(vaultDifferences(declared, found)).toEqual([]);
  });

  it("names the field, what is declared and what is there", () => {
    const declared = { bound_service_account_names: ["vault-store"], token_ttl: 600 };
    const found = { bound_service_account_names: ["vault-store", "default"], token_ttl: 600 };
    expect(vaultDifferences(declared, found)).toEqual([
      {
        field: "bound_service_account_names",
        declared: '["vault-store"]',
        found: '["vault-store","default"]',
      },
    ]);
  });

  it("names a field within a map", () => {
    expect(vaultDifferences({ options: { file_path: "a" } }, { options: { file_path: "b" } })).toEqual([
      { field: "options.file_path", declared: "a", found: "b" },
    ]);
  });

  it("shows of a policy the lines that differ", () => {
    const declared = 'path "kv/data/a" {\n  capabilities = ["read"]\n}\n';
    const found = 'path "kv/data/*" {\n  capabilities = ["read"]\n}\n';
    expect(vaultDifferences({ policy: declared }, { policy: found })).toEqual([
      { field: "policy", declared: 'path "kv/data/a" {', found: 'path "kv/data/*" {' },
    ]);
  });

  it("hides a password that somebody has put into an address", () => {
    const declared = { connection_url: "postgresql://{{username}}:{{password}}@db/orders" };
    const found = { connection_url: "postgresql://vault:hunter2@other/orders" };
    const text = JSON.stringify(vaultDifferences(declared, found));
    expect(text).toContain("postgresql://vault:...@other/orders");
    expect(text).toContain("{{password}}@db/orders");
    expect(text).not.toContain("hunter2");
  });

  describe("sees what was added where the program leaves it to Vault", () => {
    const role = unsaidOf["vault:kubernetes/authBackendRole:AuthBackendRole"] ?? {};
    const device = unsaidOf["vault:index/audit:Audit"] ?? {};

    it("a role whose tokens never end", () => {
      const usual = { token_period: 0, alias_name_source: "serviceaccount_uid", token_bound_cidrs: null };
      expect(vaultDifferences({}, usual, role)).toEqual([]);
      expect(vaultDifferences({}, { ...usual, token_period: 3600 }, role)).toEqual([
        { field: "token_period", declared: "0", found: "3600" },
      ]);
    });

    describe("a certificate role", () => {
      const unsaid = unsaidOf["vault:pkiSecret/secretBackendRole:SecretBackendRole"] ?? {};
      // As Vault 1.21 answers for a role of which only names and key are said.
      const usual = {
        allow_token_displayname: false,
        cn_validations: ["email", "hostname"],
        key_usage: ["DigitalSignature", "KeyAgreement", "KeyEncipherment"],
        not_before_duration: 30,
        use_csr_common_name: true,
        use_csr_sans: true,
        organization: [],
        ou: [],
      };

      it("has drifted in nothing where Vault has its defaults, in any order, or does not know the field", () => {
        expect(vaultDifferences({}, usual, unsaid)).toEqual([]);
        expect(vaultDifferences({}, { ...usual, cn_validations: ["hostname", "email"] }, unsaid)).toEqual([]);
        expect(vaultDifferences({}, {}, unsaid)).toEqual([]);
      });

      it.each([
        ["cn_validations", ["disabled"]],
        ["key_usage", ["CertSign", "DigitalSignature"]],
        ["key_usage", []],
        ["not_before_duration", 31_536_000],
        ["use_csr_common_name", false],
        ["use_csr_sans", false],
        ["allow_token_displayname", true],
        ["organization", ["system:masters"]],
      ])("has drifted in %s: %j", (field, value) => {
        const found = { ...usual, [field]: value };
        expect(vaultDifferences({}, found, unsaid).map((one) => one.field)).toEqual([field]);
        expect(vaultDifferences({ [field]: value }, found, unsaid)).toEqual([]);
      });
    });

    it("an audit device that writes values as they are", () => {
      const declared = { options: { file_path: "stdout" } };
      const found = { options: { file_path: "stdout", log_raw: "true" } };
      expect(vaultDifferences(declared, declared, device)).toEqual([]);
      expect(vaultDifferences(declared, found, device)).toEqual([
        { field: "options.log_raw", found: "true" },
      ]);
    });
  });
});
