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

/** The same key's certificate, signed by the generation before. */
export function crossSignedName(kind: "root" | "int", generation: number): string {
  return `${issuerName(kind, generation)}-by-g${generation - 1}`;
}

/** A key's algorithm and size in Vault's words. */
export function keyParameters(key: string): { readonly keyType: string; readonly keyBits: number } {
  const [keyType = "", bits] = key.split("-");
  return { keyType, keyBits: Number(bits) };
}
