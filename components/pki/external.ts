import { createHash, X509Certificate } from "node:crypto";
import { pemBlocks } from "../../config/pki-rules.ts";
import { issuerName, type PkiSettings } from "./names.ts";

/**
 * What an outside CA has signed: the intermediate's certificate, then those above it. Nothing while it has not signed this
 * generation: what is declared then is the one before, which goes on issuing.
 */
export function externalChain({
  external,
  intermediate,
}: PkiSettings): readonly { readonly name: string; readonly certificate: string }[] {
  const [own, ...above] = pemBlocks(external?.signed ?? "");
  if (own === undefined || generationOf(own) < intermediate.generation) return [];
  return [
    { name: issuerName("int", intermediate.generation), certificate: own },
    // By content: they stay the same ones when the intermediate changes.
    ...above.map((certificate) => ({ name: `ca-${digest(certificate)}`, certificate })),
  ];
}

/** The intermediate that issues below an outside CA now; while that has the next to sign, the one before. */
export function issuingBelowOutside({
  external,
  intermediate,
}: Pick<PkiSettings, "external" | "intermediate">):
  | { readonly name: string; readonly certificate: string }
  | undefined {
  const [certificate] = pemBlocks(external?.signed ?? "");
  if (certificate === undefined) return undefined;
  const generation = Math.min(generationOf(certificate), intermediate.generation);
  return { name: issuerName("int", generation), certificate };
}

/** By the name that its request had; of a name that the outside CA has made up nothing is known. */
function generationOf(pem: string): number {
  const named = / G(\d+)$/m.exec(new X509Certificate(pem).subject);
  return named === null ? Number.POSITIVE_INFINITY : Number(named[1]);
}

function digest(pem: string): string {
  return createHash("sha256").update(pem.trim()).digest("hex").slice(0, 12);
}
