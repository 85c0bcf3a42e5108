import { X509Certificate } from "node:crypto";
import { inGroups, together } from "../in-groups.ts";
import type { Collector } from "../seen.ts";
import { type ExporterSpec, issuerPath } from "../spec.ts";
import type { ExporterVault } from "../vault.ts";

/** When each CA ends; of one that cannot be read what was seen before. */
export function pkiCollector(
  { authorities }: Pick<ExporterSpec, "authorities">,
  vault: Pick<ExporterVault, "readPublic">,
): Collector {
  const paths = authorities.map(issuerPath);
  return async (before) => {
    const read = await inGroups(paths, async (path) => {
      const { certificate } = await vault.readPublic(path);
      return [path, endOf(path, certificate)] as const;
    });
    const { values, failures } = together(read);
    return { seen: { authorities: new Map([...before.authorities, ...values]) }, failures };
  };
}

function endOf(path: string, certificate: unknown): Date {
  if (typeof certificate !== "string") throw new Error(`Vault ${path}: an answer without a certificate`);
  return new Date(new X509Certificate(certificate).validTo);
}
