import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deploy } from "./main-job/ground.ts";
import {
  domain,
  gateway,
  gatewayRole,
  type PkiGround,
  pkiGround,
  withoutSecrets,
  withPki,
} from "./pki/ground.ts";
import { addressIn, openssl, verify } from "./pki/openssl.ts";

const edits = [withoutSecrets, withPki()];

describe("a CA in Vault", () => {
  let ground: PkiGround;
  let root: string;

  beforeAll(async () => {
    ground = await pkiGround();
    await deploy(ground, ...edits);
    root = await ground.issuer("pki", "root-g1");
  });

  afterAll(() => ground?.close());

  it("is made once: deployed again, nothing changes", async () => {
    const { done } = await deploy(ground, ...edits);
    expect(done).toEqual([]);
    expect(await ground.issuer("pki", "root-g1")).toBe(root);
  });

  it("issues what a client that trusts the root alone verifies, for the declared name and use", async () => {
    const { certificate, chain } = await ground.issue();
    const options = ["-purpose", "sslserver", "-verify_hostname", gateway];
    expect(await verify(certificate, chain.join("\n"), root, ...options)).toMatchObject({ ok: true });
    expect(await verify(certificate, chain.join("\n"), root, "-purpose", "sslclient")).toMatchObject({
      ok: false,
    });
    expect(await verify(certificate, "", root)).toMatchObject({ ok: false });
  });

  describe("refuses", () => {
    it.each([
      ["another service's name", { common_name: `other.${domain}` }],
      ["the domain itself", { common_name: domain }],
      ["a name below the declared one", { common_name: `a.${gateway}` }],
      ["a wildcard", { common_name: `*.${domain}` }],
      ["localhost", { common_name: gateway, alt_names: "localhost" }],
      ["an address", { common_name: gateway, ip_sans: "127.0.0.1" }],
      ["a URI", { common_name: gateway, uri_sans: "spiffe://voyager" }],
    ])("%s", async (_what, fields) => {
      await expect(ground.issue(fields)).rejects.toMatchObject({ status: 400 });
    });

    it("a life beyond the role's: it is cut to that", async () => {
      const { certificate } = await ground.issue({ common_name: gateway, ttl: "2h" });
      const left = ["x509", "-noout", "-in", "c.pem", "-checkend"];
      expect((await openssl([...left, "3500"], { "c.pem": certificate })).ok).toBe(true);
      expect((await openssl([...left, "3610"], { "c.pem": certificate })).ok).toBe(false);
    });

    it("a life beyond the CA's", async () => {
      const role = await ground.vault.read(`pki-int/roles/${gatewayRole}`);
      const long = { ...role, ttl: "43800h", max_ttl: "43800h" };
      await ground.vault.write("pki-int/roles/too-long", long);
      await expect(ground.issue({ common_name: gateway }, "too-long")).rejects.toThrow(
        /beyond the expiration of the CA/,
      );
      await ground.vault.delete("pki-int/roles/too-long");
    });
  });

  describe("a deployer", () => {
    const signing = "pki/issuer/root-g1/sign-intermediate";
    const constraints = { permitted_dns_domains: domain, excluded_ip_ranges: "0.0.0.0/0,::/0" };

    async function foreignRequest(): Promise<string> {
      const { text } = await openssl([
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        "k.pem",
        "-subj",
        "/CN=x",
      ]);
      return (
        /-----BEGIN CERTIFICATE REQUEST-----[\s\S]+-----END CERTIFICATE REQUEST-----/.exec(text)?.[0] ?? ""
      );
    }

    it("has no CA signed but one for the declared domains", async () => {
      const deployer = await ground.as("deployer");
      const request = { csr: await foreignRequest(), common_name: "Voyager Test Intermediate G1" };
      await expect(deployer.write(signing, request)).rejects.toMatchObject({ status: 403 });
      const wider = { ...request, ...constraints, permitted_dns_domains: "internal" };
      await expect(deployer.write(signing, wider)).rejects.toMatchObject({ status: 403 });
      const { data } = await deployer.write(signing, { ...request, ...constraints });
      const text = await openssl(["x509", "-noout", "-text", "-in", "c.pem"], {
        "c.pem": String(data?.certificate),
      });
      expect(text.text).toMatch(/Name Constraints: critical[\s\S]*DNS:llm\.voyager\.internal/);
      await deployer.close();
    });

    it("widens no role, and issues nothing", async () => {
      const deployer = await ground.as("deployer");
      const path = `pki-int/roles/${gatewayRole}`;
      const widened = [{ allowed_domains: [domain] }, { allow_any_name: true }, { allow_subdomains: true }];
      for (const fields of widened) {
        await expect(deployer.write(path, fields)).rejects.toMatchObject({ status: 403 });
      }
      await expect(
        deployer.write(`pki-int/issue/${gatewayRole}`, { common_name: gateway }),
      ).rejects.toMatchObject({
        status: 403,
      });
      await deployer.close();
    });
  });

  it("says of a certificate that it is good, and once revoked that it is not: by OCSP at once, and by its CRL", async () => {
    const issued = await ground.issue();
    const other = await ground.issue();
    expect(await ocsp(issued.certificate)).toMatch(/c\.pem: good/);
    expect(await crlCheck(issued.certificate, issued.chain)).toMatchObject({ ok: true });

    const admin = await ground.as("secretAdmin");
    await admin.write("pki-int/revoke", { serial_number: issued.serialNumber });
    expect(await ocsp(issued.certificate)).toMatch(/c\.pem: revoked/);
    await admin.read("pki-int/crl/rotate");
    expect((await crlCheck(issued.certificate, issued.chain)).text).toMatch(/certificate revoked/);

    expect(await ocsp(other.certificate)).toMatch(/c\.pem: good/);
    expect(await crlCheck(other.certificate, other.chain)).toMatchObject({ ok: true });
    await admin.close();
  });

  /** What OCSP answers, checked against the root, at the address that the certificate names. */
  async function ocsp(certificate: string): Promise<string> {
    const int = await ground.issuer("pki-int", "int-g1");
    const files = { "int.pem": int, "c.pem": certificate, "root.pem": root };
    const named = ["-issuer", "int.pem", "-cert", "c.pem"];
    const asked = await openssl(["ocsp", ...named, "-no_nonce", "-reqout", "-"], files);
    const answer = await ground.fetch(await addressIn(certificate, "ocsp"), asked.bytes);
    const checked = ["-no_nonce", "-CAfile", "root.pem", "-verify_other", "int.pem", "-respin", "answer.der"];
    const { text } = await openssl(["ocsp", ...named, ...checked], { ...files, "answer.der": answer });
    expect(text).toMatch(/Response verify OK/);
    return text;
  }

  async function crlCheck(certificate: string, chain: readonly string[]) {
    const crl = await ground.fetch(await addressIn(certificate, "crl"));
    const { text } = await openssl(["crl", "-inform", "DER", "-in", "crl.der"], { "crl.der": crl });
    return openssl(
      [
        "verify",
        "-crl_check",
        "-CAfile",
        "root.pem",
        "-untrusted",
        "chain.pem",
        "-CRLfile",
        "crl.pem",
        "c.pem",
      ],
      { "root.pem": root, "chain.pem": chain.join("\n"), "crl.pem": text, "c.pem": certificate },
    );
  }

  describe("a new generation", () => {
    it("of the intermediate signs from then on, and leaves of both verify against the root", async () => {
      const before = await ground.issue();
      const { done } = await deploy(ground, withoutSecrets, withPki({ intermediate: 2 }));
      expect(done.filter(({ action }) => action === "deleted")).toEqual([]);
      const after = await ground.issue();
      const [first, second] = [
        await ground.issuer("pki-int", "int-g1"),
        await ground.issuer("pki-int", "int-g2"),
      ];
      for (const [leaf, int] of [
        [before, first],
        [after, second],
      ] as const) {
        expect(leaf.chain[0]).toBe(int.trim());
        expect(await verify(leaf.certificate, leaf.chain.join("\n"), root)).toMatchObject({ ok: true });
        expect(await crlCheck(leaf.certificate, leaf.chain)).toMatchObject({ ok: true });
      }
      const crossed = await ground.issuer("pki-int", "int-g2-by-g1");
      expect(after.chain).toContain(crossed.trim());
      expect(await verify(after.certificate, crossed, first, "-partial_chain")).toMatchObject({ ok: true });
      expect(await verify(after.certificate, "", first, "-partial_chain")).toMatchObject({ ok: false });
    });

    it("of the root is trusted by itself and through the root before it", async () => {
      await deploy(ground, withoutSecrets, withPki({ root: 2, intermediate: 3 }));
      const { certificate, chain } = await ground.issue();
      const next = await ground.issuer("pki", "root-g2");
      const sent = chain.filter((one) => one !== root.trim() && one !== next.trim()).join("\n");
      expect(await verify(certificate, sent, root)).toMatchObject({ ok: true });
      expect(await verify(certificate, sent, next)).toMatchObject({ ok: true });
      expect(next).not.toBe(root);
    });

    it("is made once as well", async () => {
      const { done } = await deploy(ground, withoutSecrets, withPki({ root: 2, intermediate: 3 }));
      expect(done).toEqual([]);
    });
  });
});
