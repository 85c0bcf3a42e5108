import type { X509Certificate } from "node:crypto";
import { type Problem, show } from "../../config/problems.ts";
import type { Settings } from "../../config/schema.ts";
import { durationMs } from "../../config/values.ts";
import type { MadeIssuers } from "./pki.ts";

/**
 * A third root before everybody trusts the second. A new root is signed by the one before and by no earlier one, so a client
 * whose `ca.crt` is older than that one would believe nothing. Each client has it once every certificate was renewed.
 */
export function hurriedRoot(
  { pki, namespaces }: Pick<Settings, "pki" | "namespaces">,
  { root: own, previousRoot: previous }: MadeIssuers,
  now: number,
): readonly Problem[] {
  const { generation = 1 } = pki?.root ?? {};
  if (own !== undefined || previous === undefined || generation < 3) return [];
  const certificates = namespaces.flatMap(({ services }) => services.flatMap((one) => one.certificates));
  const longest = Math.max(0, ...certificates.map(({ ttl }) => durationMs(ttl)));
  const trusted = Date.parse(previous.validFrom) + longest;
  if (trusted <= now) return [];
  return [
    {
      path: "pki.root.generation",
      found: `${show(generation)}, and generation ${generation - 1} was made at ${madeAt(previous)}`,
      allowed: `the next generation when the longest ttl of a certificate has gone by since: until then some clients trust generation ${generation - 2} alone`,
      fix: `keep ${generation - 1} until ${new Date(trusted).toISOString()}`,
    },
  ];
}

function madeAt({ validFrom }: X509Certificate): string {
  return new Date(validFrom).toISOString();
}
