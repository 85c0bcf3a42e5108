import type { VaultReads } from "../../../resources/vault-types.ts";
import type { Declared, FieldDifference } from "../finding.ts";

/** What a resource is called, and how it is held against what Vault has; `fields` is `undefined` where it is missing. */
export interface VaultReader {
  /** Where it stands, as an API path. */
  place(declared: Declared): string;
  fields(vault: VaultReads, declared: Declared): Promise<readonly FieldDifference[] | undefined>;
}
