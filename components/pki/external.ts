import { createHash } from "node:crypto";
import { pemBlocks } from "../../config/pki-rules.ts";
import { issuerName, type PkiSettings } from "./names.ts";

/** What an outside CA has signed: the intermediate's certificate, then those above it. */
export function externalChain({
  external,
  intermediate,
}: PkiSettings): readonly { readonly name: string; readonly certificate: string }[] {
  const [own, ...above] = pemBlocks(external?.signed ?? "");
  if (own === undefined) return [];
  return [
    { name: issuerName("int", intermediate.generation), certificate: own },
    // By content: they stay the same ones when the intermediate changes.
    ...above.map((certificate) => ({ name: `ca-${digest(certificate)}`, certificate })),
  ];
}

function digest(pem: string): string {
  return createHash("sha256").update(pem.trim()).digest("hex").slice(0, 12);
}
