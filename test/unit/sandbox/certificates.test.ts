import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ensureAuthority, ensureCertificate } from "../../../sandbox/certificates/authority.ts";
import { temporarySandbox } from "./temporary-sandbox.ts";

const request = {
  name: "server",
  commonName: "server",
  dns: ["localhost"],
  ips: ["127.0.0.1"],
  usages: ["server"],
} as const;

test("a certificate is the authority's, for its names, with its key", async () => {
  const paths = await temporarySandbox();
  const files = await ensureCertificate(paths, await ensureAuthority(paths), request);
  const ca = new X509Certificate(await readFile(paths.caFile));
  const certificate = new X509Certificate(await readFile(files.certFile));
  expect(ca.ca).toBe(true);
  expect(certificate.ca).toBe(false);
  expect(certificate.verify(ca.publicKey)).toBe(true);
  expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect(certificate.checkHost("localhost")).toBe("localhost");
  expect(certificate.checkHost("example.com")).toBeUndefined();
  expect(certificate.checkPrivateKey(createPrivateKey(await readFile(files.keyFile)))).toBe(true);
  expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]); // serverAuth, RFC 5280 4.2.1.12
});

test("a client's organizations and name are in its subject", async () => {
  const paths = await temporarySandbox();
  const client = {
    name: "c",
    commonName: "admin",
    organizations: ["system:masters"],
    usages: ["client"],
  } as const;
  const files = await ensureCertificate(paths, await ensureAuthority(paths), client);
  expect(new X509Certificate(await readFile(files.certFile)).subject).toBe("O=system:masters\nCN=admin");
});

test("authority and certificates are made once, and an authority read back can sign", async () => {
  const paths = await temporarySandbox();
  const first = await ensureCertificate(paths, await ensureAuthority(paths), request);
  const before = await readFile(first.certFile, "utf8");
  const authority = await ensureAuthority(paths);
  await ensureCertificate(paths, authority, request);
  expect(await readFile(first.certFile, "utf8")).toBe(before);
  const other = await ensureCertificate(paths, authority, { ...request, name: "other" });
  const ca = new X509Certificate(await readFile(paths.caFile));
  expect(new X509Certificate(await readFile(other.certFile)).verify(ca.publicKey)).toBe(true);
});

test("keys are 0600", async () => {
  const paths = await temporarySandbox();
  const { keyFile } = await ensureCertificate(paths, await ensureAuthority(paths), request);
  for (const file of [keyFile, join(paths.certificates, "ca.key")]) {
    expect(((await stat(file)).mode & 0o777).toString(8), file).toBe("600");
  }
});
