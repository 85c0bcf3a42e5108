import { X509Certificate } from "node:crypto";
import { seconds } from "../components/durations.ts";
import { issuingBelowOutside } from "../components/pki/external.ts";
import { issuerName, type PkiSettings } from "../components/pki/names.ts";
import type { Settings } from "../config/schema.ts";

/** An issuer in Vault on which what is issued now depends, and how long before its end that is told. */
export interface UsedAuthority {
  /** Of the declaration. */
  readonly part: "root" | "intermediate";
  readonly mount: string;
  readonly issuer: string;
  /** A new CA has more left than either. */
  readonly warningSeconds: number;
  /** Still more than the longest ttl of a certificate: with less, Vault refuses to issue that one. */
  readonly criticalSeconds: number;
}

const DAY_SECONDS = 86_400;

/**
 * Defaults of `vault pki health-check` (`ca_validity_period`,
 * https://developer.hashicorp.com/vault/docs/commands/pki/health-check). A root is told of sooner: clients have to get the next.
 */
const WARNING_SECONDS = { root: 365 * DAY_SECONDS, intermediate: 60 * DAY_SECONDS };
/** The same check's for an intermediate; a root's own 182 days are no reason to wake somebody. */
const CRITICAL_SECONDS = 30 * DAY_SECONDS;

/** The intermediate that issues and, of a CA of the stack's own, the root. None while an outside CA has not signed at all. */
export function usedAuthorities({
  pki,
  namespaces,
}: Pick<Settings, "pki" | "namespaces">): readonly UsedAuthority[] {
  if (pki === undefined) return [];
  const longest = longestSeconds(namespaces);
  return authoritiesOf(pki).map(({ lifeSeconds, ...authority }) => ({
    ...authority,
    ...limits(authority.part, lifeSeconds, longest),
  }));
}

interface Authority extends Pick<UsedAuthority, "part" | "mount" | "issuer"> {
  readonly lifeSeconds: number;
}

function authoritiesOf({ root, external, intermediate }: PkiSettings): readonly Authority[] {
  const { mount, generation, ttl } = intermediate;
  if (root !== undefined) {
    return [
      {
        part: "root",
        mount: root.mount,
        issuer: issuerName("root", root.generation),
        lifeSeconds: seconds(root.ttl),
      },
      { part: "intermediate", mount, issuer: issuerName("int", generation), lifeSeconds: seconds(ttl) },
    ];
  }
  const issuing = issuingBelowOutside({ external, intermediate });
  return issuing === undefined
    ? []
    : [{ part: "intermediate", mount, issuer: issuing.name, lifeSeconds: lifeOf(issuing.certificate) }];
}

/** An outside CA gives what it likes, whatever is declared. */
function lifeOf(pem: string): number {
  const { validFrom, validTo } = new X509Certificate(pem);
  return (Date.parse(validTo) - Date.parse(validFrom)) / 1_000;
}

function longestSeconds(namespaces: Settings["namespaces"]): number {
  const certificates = namespaces.flatMap(({ services }) => services.flatMap((one) => one.certificates));
  return Math.max(0, ...certificates.map(({ ttl }) => seconds(ttl)));
}

/** Of a short-lived CA no more than a third and a sixth of the time in which it can issue the longest certificate. */
function limits(part: Authority["part"], lifeSeconds: number, longest: number) {
  const useful = Math.max(0, lifeSeconds - longest);
  return {
    warningSeconds: longest + Math.floor(Math.min(WARNING_SECONDS[part], useful / 3)),
    criticalSeconds: longest + Math.floor(Math.min(CRITICAL_SECONDS, useful / 6)),
  };
}
