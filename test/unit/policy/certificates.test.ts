import { describe, expect, it } from "vitest";
import { certificateRoleParameters } from "../../../components/pki/roles.ts";
import { certificateRoles, keysStayInVault } from "../../../policy/rules/certificates.ts";
import { UNKNOWN } from "../../../policy/rules/resource.ts";
import { workloadPolicies } from "../../../policy/rules/workload-policies.ts";
import { pkiSettings } from "../pki/declarations.ts";
import { found, resource } from "./judged.ts";

const ROLE = "vault:pkiSecret/secretBackendRole:SecretBackendRole";
const [certificate] = pkiSettings().namespaces[0]?.services[0]?.certificates ?? [];
if (certificate === undefined) throw new Error("no certificate is declared");
const own = { ...certificateRoleParameters(certificate) };

describe("certificate-roles", () => {
  it("passes the program's own, and what is not known yet", () => {
    expect(found(certificateRoles, resource(ROLE, own))).toEqual([]);
    expect(found(certificateRoles, resource(ROLE, { ...own, allowedDomains: UNKNOWN }))).toEqual([]);
    const others = { allowedUriSans: [], allowedOtherSans: UNKNOWN, enforceHostnames: UNKNOWN };
    expect(found(certificateRoles, resource(ROLE, { ...own, ...others }))).toEqual([]);
    expect(found(certificateRoles, resource("vault:index/policy:Policy", { allowAnyName: true }))).toEqual(
      [],
    );
  });

  it.each([
    ["any name", { allowAnyName: true }, "allowAnyName"],
    ["patterns", { allowGlobDomains: true }, "allowGlobDomains"],
    ["subdomains", { allowSubdomains: true }, "allowSubdomains"],
    ["localhost, by Vault's default", { allowLocalhost: undefined }, undefined],
    ["localhost", { allowLocalhost: true }, "allowLocalhost"],
    ["addresses", { allowIpSans: true }, "allowIpSans"],
    ["what cannot be revoked", { noStore: true }, "noStore"],
    ["URIs", { allowedUriSans: ["spiffe://voyager/llm"] }, "allowedUriSans"],
    ["other names", { allowedOtherSans: ["1.3.6.1.4.1.311.20.2.3;utf8:*"] }, "allowedOtherSans"],
    ["what is no host name", { enforceHostnames: false }, "enforceHostnames"],
    ["no domain", { allowedDomains: [] }, "no allowedDomains"],
    ["a template", { allowedDomains: ["{{identity.entity.name}}"] }, "template"],
  ])("refuses %s", (_what, props, said) => {
    const findings = found(certificateRoles, resource(ROLE, { ...own, ...props }));
    if (said === undefined) {
      const { allowLocalhost: _, ...silent } = own;
      expect(found(certificateRoles, resource(ROLE, silent)).join()).toContain("allowLocalhost");
    } else expect(findings.join()).toContain(said);
  });
});

describe("keys-stay-in-vault", () => {
  const root = "vault:pkiSecret/secretBackendRootCert:SecretBackendRootCert";

  it("passes keys that Vault keeps", () => {
    expect(found(keysStayInVault, resource(root, { type: "internal" }))).toEqual([]);
  });

  it("refuses an exported CA key, and certificates issued by the program", () => {
    expect(found(keysStayInVault, resource(root, { type: "exported" })).join()).toContain("exported");
    const cert = "vault:pkiSecret/secretBackendCert:SecretBackendCert";
    expect(found(keysStayInVault, resource(cert)).join()).toContain("private key");
  });
});

describe("workload-policies, of a CA", () => {
  const policy = (path: string, capability: string) =>
    found(
      workloadPolicies,
      resource("vault:index/policy:Policy", {
        policy: `path "${path}" { capabilities = ["${capability}"] }`,
      }),
    );

  it("passes update on the one path that issues", () => {
    expect(policy("pki-int/issue/voyager-platform-llm.llm-gateway.gateway-tls", "update")).toEqual([]);
  });

  it.each([
    ["pki-int/issue/gateway", "read"],
    ["pki-int/issue/*", "update"],
    ["pki-int/sign/gateway", "update"],
    ["pki-int/sign-verbatim/gateway", "update"],
    ["pki/issuer/root-g1/sign-intermediate", "update"],
    ["pki-int/revoke", "update"],
  ])("refuses %s with %s", (path, capability) => {
    expect(policy(path, capability)).toHaveLength(1);
  });

  it("passes secrets whose path has such a name", () => {
    expect(policy("kv/data/llm/keys/sign", "read")).toEqual([]);
  });
});
