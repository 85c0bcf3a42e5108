import "reflect-metadata";
import type { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** The CA's own default, ec-384. */
const algorithm = { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" };

/** A CA's certificate and the keys that sign with it. */
export interface Authority {
  readonly name: string;
  readonly pem: string;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** What an outside CA answers: the certificate of an intermediate, then its self-signed root's. */
export async function externalChainPem(): Promise<readonly string[]> {
  const root = await authority("Outside Root", {});
  return [(await authority("Intermediate", { signer: root })).pem, root.pem];
}

export function pemOf(certificates: readonly string[]): string {
  return `${certificates.join("\n")}\n`;
}

/** A CA, self-signed unless another signs it. Like Vault's, its certificate is dated 30 seconds back. */
export async function authority(
  name: string,
  {
    signer,
    hours = 24,
    madeAt = Date.now(),
    domains = [],
  }: {
    readonly signer?: Authority;
    readonly hours?: number;
    readonly madeAt?: number;
    readonly domains?: readonly string[];
  },
): Promise<Authority> {
  const keys = (await crypto.subtle.generateKey(algorithm, true, [
    "sign",
    "verify",
  ])) as webcrypto.CryptoKeyPair;
  const made = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: `CN=${signer?.name ?? name}`,
    publicKey: keys.publicKey,
    signingKey: (signer?.keys ?? keys).privateKey,
    signingAlgorithm: algorithm,
    notBefore: new Date(madeAt - 30_000),
    notAfter: new Date(madeAt + hours * 3_600_000),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      ...(domains.length === 0 ? [] : [nameConstraints(domains)]),
    ],
  });
  return { name, pem: made.toString("pem"), keys };
}

/** RFC 5280, 4.2.1.10, for texts as short as those of a test. */
function nameConstraints(domains: readonly string[]): x509.Extension {
  const element = (tag: number, ...parts: readonly Uint8Array[]) => {
    const content = Buffer.concat(parts);
    return Buffer.concat([Buffer.from([tag, content.length]), content]);
  };
  const subtrees = domains.map((domain) => element(0x30, element(0x82, Buffer.from(domain))));
  return new x509.Extension("2.5.29.30", true, element(0x30, element(0xa0, ...subtrees)));
}
