import { crc32 } from "node:zlib";

/**
 * The orders in which a list reaches Vault: as declared (the direct engine), and as Pulumi's Vault provider sends what its
 * schema calls a set. That is by the CRC-32 of each text with a semicolon, compared as a text: see `HashSchema` and
 * `Set.List` in hashicorp/terraform-plugin-sdk/v2, helper/schema.
 */
export function setOrders(values: readonly string[]): readonly (readonly string[])[] {
  const hash = (value: string) => String(crc32(`${value};`));
  const hashed = values.toSorted((a, b) => (hash(a) < hash(b) ? -1 : 1));
  return hashed.join("\n") === values.join("\n") ? [values] : [values, hashed];
}
