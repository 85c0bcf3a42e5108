import { X509Certificate } from "node:crypto";

/** The certificates of a PEM text, in its order. */
export function certificatesOf(pem: string): readonly string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
}

/** The common name of who signed a certificate. */
export function issuerOf(pem: string): string {
  return /^CN=(.*)$/m.exec(new X509Certificate(pem).issuer)?.[1] ?? "";
}

export function subjectOf(pem: string): string {
  return /^CN=(.*)$/m.exec(new X509Certificate(pem).subject)?.[1] ?? "";
}

export function serialOf(pem: string): string {
  return new X509Certificate(pem).serialNumber;
}

/** Milliseconds until a certificate ends. */
export function leftOf(pem: string): number {
  return Date.parse(new X509Certificate(pem).validTo) - Date.now();
}
