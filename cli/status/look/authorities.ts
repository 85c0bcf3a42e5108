import { X509Certificate } from "node:crypto";
import type { VaultClient } from "../../../clients/vault.ts";
import type { UsedAuthority } from "../../../freshness/authorities.ts";

/** A CA and when it ends. */
export interface AuthorityEnd {
  readonly authority: UsedAuthority;
  readonly expires: Date;
}

/** When each CA ends, as its certificate in Vault says. */
export function authorityEnds(
  client: Pick<VaultClient, "read">,
  authorities: readonly UsedAuthority[],
): Promise<readonly AuthorityEnd[]> {
  return Promise.all(
    authorities.map(async (authority) => {
      const path = `${authority.mount}/issuer/${authority.issuer}/json`;
      const { certificate } = (await client.read(path)) ?? {};
      if (typeof certificate !== "string") throw new Error(`Vault has no certificate at ${path}`);
      return { authority, expires: new Date(new X509Certificate(certificate).validTo) };
    }),
  );
}
