import type { X509Certificate } from "node:crypto";

/** Bits of Node's names for the curves of `pki.*.key`. */
const CURVES: Readonly<Record<string, number>> = { prime256v1: 256, secp384r1: 384, secp521r1: 521 };

/** The key of a certificate in the words of the declaration, e.g. `ec-384`. */
export function keyOf({ publicKey }: X509Certificate): string {
  const { asymmetricKeyType, asymmetricKeyDetails: { namedCurve = "", modulusLength } = {} } = publicKey;
  return `${asymmetricKeyType}-${modulusLength ?? CURVES[namedCurve]}`;
}
