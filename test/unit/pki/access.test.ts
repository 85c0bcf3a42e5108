import { describe, expect, it } from "vitest";
import { managedInVault } from "../../../access/managed.ts";
import { auditorPolicy } from "../../../access/operators/auditor.ts";
import { deployerPolicy } from "../../../access/operators/deployer.ts";
import { secretAdminPolicy } from "../../../access/operators/secret-admin.ts";
import { colons } from "../../../cli/pki/commands.ts";
import { domain, intermediateCa, pkiSettings, rootCa } from "./declarations.ts";

const dev = pkiSettings();
const rotated = pkiSettings({
  root: { ...rootCa, generation: 2 },
  intermediate: { ...intermediateCa, generation: 2 },
});
const role = "pki-int/roles/voyager-platform-llm.llm-gateway.gateway-tls";

function at(settings: typeof dev, path: string) {
  return managedInVault(settings).find((one) => one.path === path);
}

describe("a deployer's rights to a CA", () => {
  it("are the steps that make it", () => {
    const paths = managedInVault(dev).map(({ path }) => path);
    const own = paths.filter((path) => /(^|\/)pki/.test(path));
    expect(own.toSorted()).toEqual([
      "pki-int/config/auto-tidy",
      "pki-int/config/crl",
      "pki-int/config/issuers",
      "pki-int/config/urls",
      "pki-int/intermediate/set-signed",
      "pki-int/issuer/+",
      "pki-int/issuers/generate/intermediate/existing",
      "pki-int/issuers/generate/intermediate/internal",
      role,
      "pki/config/auto-tidy",
      "pki/config/crl",
      "pki/config/urls",
      "pki/issuer/root-g1/sign-intermediate",
      "pki/issuers/generate/root/internal",
      "sys/mounts/pki",
      "sys/mounts/pki-int",
      "sys/mounts/pki-int/tune",
      "sys/mounts/pki/tune",
    ]);
    expect(new Set(paths).size).toBe(paths.length);
  });

  it("pin what a CA may sign, and Vault asks for it", () => {
    for (const settings of [dev, rotated]) {
      const signings = managedInVault(settings).filter(({ path }) => path.endsWith("/sign-intermediate"));
      for (const { allowed, required, capabilities } of signings) {
        expect(capabilities).toEqual(["update"]);
        expect(allowed?.permitted_dns_domains).toEqual([domain]);
        expect(required).toEqual(["common_name", "permitted_dns_domains", "excluded_ip_ranges"]);
      }
      expect(signings.length).toBe(settings === dev ? 1 : 3);
    }
    expect(deployerPolicy(dev).document).toContain(
      'required_parameters = ["common_name", "permitted_dns_domains", "excluded_ip_ranges"]',
    );
  });

  it("pin a role's names and flags", () => {
    expect(at(dev, role)?.allowed).toMatchObject({
      allowed_domains: [[`gateway.${domain}`]],
      allow_any_name: [false],
      allow_subdomains: [false],
      allow_glob_domains: [false],
      allow_localhost: [false],
      allow_ip_sans: [false],
      max_ttl: ["259200"],
    });
    expect(at(dev, role)?.allowed).not.toHaveProperty("allowed_other_sans");
  });

  it("name each path once with later generations as well", () => {
    const paths = managedInVault(rotated).map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths).toContain("pki-int/issuer/int-g1/sign-intermediate");
    expect(paths).toContain("pki/issuer/root-g1/sign-intermediate");
  });

  it("sign nothing below an outside CA", () => {
    const outside = pkiSettings({
      root: undefined,
      external: {},
      intermediate: { ...intermediateCa, generation: 2 },
    });
    expect(managedInVault(outside).filter(({ path }) => path.includes("/sign-intermediate"))).toEqual([]);
  });

  it("do not delete a CA in production", () => {
    expect(at(pkiSettings({}, {}, "prod"), "sys/mounts/pki")?.capabilities).toEqual(["read", "update"]);
  });
});

describe("other operators", () => {
  it("a secret-admin revokes, an auditor lists what was issued and revoked; neither issues", () => {
    const admin = secretAdminPolicy(dev).document;
    const auditor = auditorPolicy(dev).document;
    expect(admin).toContain('path "pki-int/revoke"');
    expect(admin).toContain('path "pki-int/crl/rotate"');
    for (const path of ["pki-int/certs", "pki-int/certs/revoked", "pki/roles", "pki-int/config/*"]) {
      expect(auditor).toContain(`path "${path}"`);
    }
    expect(`${admin}${auditor}`).not.toMatch(/issue\/|sign/);
  });
});

describe("a serial number", () => {
  it.each(["3A5F01", "3a:5f:01", " 3a 5f 01\n"])("%j is written as Vault takes it", (text) => {
    expect(colons(text)).toBe("3a:5f:01");
  });

  it.each(["", "3a5", "serial=3A", "zz"])("%j is none", (text) => {
    expect(() => colons(text)).toThrow("hexadecimal digits in pairs");
  });
});
