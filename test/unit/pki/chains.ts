import "reflect-metadata";
import type { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** What an outside CA answers: the certificate of an intermediate, then its self-signed root's. */
export async function externalChainPem(): Promise<readonly string[]> {
  const [rootKeys, keys] = await Promise.all([newKeys(), newKeys()]);
  const root = await certificate("CN=Outside Root", "CN=Outside Root", rootKeys, rootKeys);
  const intermediate = await certificate("CN=Intermediate", "CN=Outside Root", keys, rootKeys);
  return [intermediate, root];
}

export function pemOf(certificates: readonly string[]): string {
  return `${certificates.join("\n")}\n`;
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as Promise<webcrypto.CryptoKeyPair>;
}

async function certificate(
  subject: string,
  issuer: string,
  keys: webcrypto.CryptoKeyPair,
  signer: webcrypto.CryptoKeyPair,
): Promise<string> {
  const made = await x509.X509CertificateGenerator.create({
    subject,
    issuer,
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 86_400_000),
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return made.toString("pem");
}
