import type { Settings } from "../../config/schema.ts";

export type PkiSettings = NonNullable<Settings["pki"]>;

/** An issuer of Vault's PKI engine by name; its key has the same one. */
export function issuerName(kind: "root" | "int", generation: number): string {
  return `${kind}-g${generation}`;
}

/** The common name of a CA's generation. */
export function authorityName({
  commonName,
  generation,
}: {
  readonly commonName: string;
  readonly generation: number;
}): string {
  return `${commonName} G${generation}`;
}

/**
 * Whether the generation before signs the intermediate as well. Not below an outside CA: most allow theirs no CA beneath it
 * (`pathlen:0`), and Vault refuses to sign then; whoever trusts the outside root verifies both without.
 */
export function isCrossSigned({ root, intermediate }: Pick<PkiSettings, "root" | "intermediate">): boolean {
  return root !== undefined && intermediate.generation > 1;
}

/** The same key's certificate, signed by the generation before. */
export function crossSignedName(kind: "root" | "int", generation: number): string {
  return `${issuerName(kind, generation)}-by-g${generation - 1}`;
}

/** A key's algorithm and size in Vault's words. */
export function keyParameters(key: string): { readonly keyType: string; readonly keyBits: number } {
  const [keyType = "", bits] = key.split("-");
  return { keyType, keyBits: Number(bits) };
}
