import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { readIfExists, type SandboxPaths, writePrivate } from "../state.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const validYears = 10;

/** A certificate authority of the sandbox's own; nothing else trusts it. */
export interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

/** What a certificate is for. `dns` and `ips` are its subject alternative names, `organizations` become Kubernetes groups. */
export interface CertificateRequest {
  /** The files are `<name>.crt` and `<name>.key`. */
  readonly name: string;
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly dns?: readonly string[];
  readonly ips?: readonly string[];
  readonly usages: readonly ("server" | "client")[];
}

/** Two PEM files, the key's 0600. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** The sandbox's authority, made at the first call and kept in its state. */
export async function ensureAuthority(paths: SandboxPaths): Promise<Authority> {
  const keyFile = join(paths.certificates, "ca.key");
  const certPem = await readIfExists(paths.caFile);
  const keyPem = await readIfExists(keyFile);
  if (certPem !== undefined && keyPem !== undefined) {
    return { certificate: new x509.X509Certificate(certPem), key: await importKey(keyPem) };
  }
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: ["Vault management sandbox CA"] }],
    ...validity(),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  await writePrivate(keyFile, await exportKey(keys.privateKey));
  await writePrivate(paths.caFile, `${certificate.toString("pem")}\n`);
  return { certificate, key: keys.privateKey };
}

/** The files of a certificate, issued at the first call. */
export async function ensureCertificate(
  paths: SandboxPaths,
  authority: Authority,
  request: CertificateRequest,
): Promise<CertificateFiles> {
  const certFile = join(paths.certificates, `${request.name}.crt`);
  const keyFile = join(paths.certificates, `${request.name}.key`);
  if ((await readIfExists(certFile)) === undefined) {
    const keys = await generateKeys();
    const certificate = await issue(authority, request, keys.publicKey);
    await writePrivate(keyFile, await exportKey(keys.privateKey));
    // Last: a certificate that is there is complete.
    await writePrivate(certFile, `${certificate.toString("pem")}\n`);
  }
  return { certFile, keyFile };
}

async function issue(
  authority: Authority,
  request: CertificateRequest,
  publicKey: webcrypto.CryptoKey,
): Promise<x509.X509Certificate> {
  const names: x509.JsonGeneralName[] = [
    ...(request.dns ?? []).map((value) => ({ type: "dns" as const, value })),
    ...(request.ips ?? []).map((value) => ({ type: "ip" as const, value })),
  ];
  const purposes = {
    server: x509.ExtendedKeyUsage.serverAuth,
    client: x509.ExtendedKeyUsage.clientAuth,
  };
  return x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [...(request.organizations ?? []).map((name) => ({ O: [name] })), { CN: [request.commonName] }],
    issuer: authority.certificate.subject,
    ...validity(),
    signingKey: authority.key,
    signingAlgorithm: algorithm,
    publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(request.usages.map((usage) => purposes[usage])),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
}

function validity(): { readonly notBefore: Date; readonly notAfter: Date } {
  const notBefore = new Date(Date.now() - 60_000);
  const notAfter = new Date(notBefore);
  notAfter.setFullYear(notAfter.getFullYear() + validYears);
  return { notBefore, notAfter };
}

/** 15 random bytes after a fixed one, so that the number is positive and never starts with a zero byte (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  return `40${Buffer.from(webcrypto.getRandomValues(new Uint8Array(15))).toString("hex")}`;
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey("pkcs8", key);
  return `${x509.PemConverter.encode(der, "PRIVATE KEY")}\n`;
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = x509.PemConverter.decodeFirst(pem);
  return webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
}
