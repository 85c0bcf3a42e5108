import type { X509Certificate } from "node:crypto";

/** The extension's object identifier, 2.5.29.30, in DER. */
const NAME_CONSTRAINTS = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x1e]);

/** Tags of DER as RFC 5280 4.2.1.10 uses them. */
const OCTET_STRING = 0x04;
const BOOLEAN = 0x01;
const PERMITTED = 0xa0;
const DNS_NAME = 0x82;

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

/** The DNS domains that a CA's certificate permits below it, sorted; none where it permits all. Node shows no name constraints. */
export function permittedDomains({ raw }: X509Certificate): readonly string[] {
  const at = raw.indexOf(NAME_CONSTRAINTS);
  if (at < 0) return [];
  const [first, second] = elements(raw.subarray(at + NAME_CONSTRAINTS.length), 2);
  // A critical extension says so between the two.
  const value = first?.tag === BOOLEAN ? second : first;
  if (value?.tag !== OCTET_STRING) return [];
  return elements(value.content)
    .flatMap(({ content }) => elements(content))
    .filter(({ tag }) => tag === PERMITTED)
    .flatMap(({ content }) => elements(content))
    .flatMap(({ content }) => elements(content))
    .filter(({ tag }) => tag === DNS_NAME)
    .map(({ content }) => content.toString("latin1"))
    .toSorted();
}

/** The first elements of a DER text; certificates have no element of indefinite length. */
function elements(der: Buffer, most = Number.POSITIVE_INFINITY): readonly Element[] {
  const found: Element[] = [];
  let rest = der;
  while (rest.length >= 2 && found.length < most) {
    const tag = rest[0] ?? 0;
    const { length, header } = lengthOf(rest);
    found.push({ tag, content: rest.subarray(header, header + length) });
    rest = rest.subarray(header + length);
  }
  return found;
}

function lengthOf(der: Buffer): { readonly length: number; readonly header: number } {
  const first = der[1] ?? 0;
  if (first < 0x80) return { length: first, header: 2 };
  const bytes = first & 0x7f;
  return { length: der.readUIntBE(2, bytes), header: 2 + bytes };
}
