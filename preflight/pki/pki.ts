import { X509Certificate } from "node:crypto";
import { type VaultClient, VaultError } from "../../clients/vault.ts";
import { externalChain } from "../../components/pki/external.ts";
import { authorityName, issuerName, type PkiSettings } from "../../components/pki/names.ts";
import { type Problem, pathText } from "../../config/problems.ts";
import type { Settings } from "../../config/schema.ts";
import { durationMs } from "../../config/values.ts";
import { engineMountProblems } from "../mounts.ts";
import { hurriedRoot } from "./hurried-root.ts";
import { keyOf } from "./key.ts";
import { permittedDomains } from "./name-constraints.ts";

/** Vault dates a certificate back by as much, for clocks that are late. */
const BACKDATED_MS = 30_000;

/** What Vault has made of the declared CA so far. */
export interface MadeIssuers {
  readonly root?: X509Certificate | undefined;
  readonly previousRoot?: X509Certificate | undefined;
  readonly intermediate?: X509Certificate | undefined;
  readonly previousIntermediate?: X509Certificate | undefined;
}

type PkiPreflightSettings = Pick<Settings, "environment" | "namespaces" | "pki">;

/** Everything about the CA in Vault that would stop the update, or certificates after it. Anybody may read issuers. */
export async function pkiProblems(
  client: VaultClient,
  settings: PkiPreflightSettings,
  mounts: Readonly<Record<string, unknown>>,
): Promise<readonly Problem[]> {
  const { pki } = settings;
  if (pki === undefined) return [];
  const { root, intermediate } = pki;
  const taken = [
    ...(root ? engineMountProblems(settings, "pki", ["pki", "root", "mount"], root.mount, mounts) : []),
    ...engineMountProblems(settings, "pki", ["pki", "intermediate", "mount"], intermediate.mount, mounts),
  ];
  if (taken.length > 0) return taken;
  const at = (mount: string | undefined, kind: "root" | "int", generation: number) =>
    mount === undefined || mounts[`${mount}/`] === undefined
      ? undefined
      : issuer(client, mount, issuerName(kind, generation));
  const [own, previous, int, previousInt] = await Promise.all([
    at(root?.mount, "root", root?.generation ?? 1),
    at(root?.mount, "root", (root?.generation ?? 1) - 1),
    at(intermediate.mount, "int", intermediate.generation),
    at(intermediate.mount, "int", intermediate.generation - 1),
  ]);
  return issuerProblems(
    settings,
    { root: own, previousRoot: previous, intermediate: int, previousIntermediate: previousInt },
    Date.now(),
  );
}

async function issuer(
  client: VaultClient,
  mount: string,
  name: string,
): Promise<X509Certificate | undefined> {
  try {
    const { certificate } = (await client.read(`${mount}/issuer/${name}/json`)) ?? {};
    return typeof certificate === "string" ? new X509Certificate(certificate) : undefined;
  } catch (error) {
    // Vault says 500 of an issuer that it does not have.
    if (
      error instanceof VaultError &&
      error.errors.some((text) => /unable to find|unable to resolve/i.test(text))
    ) {
      return undefined;
    }
    throw error;
  }
}

/** What of the declaration does not fit the issuers that are there already. */
export function issuerProblems(
  { pki, namespaces }: Pick<Settings, "pki" | "namespaces">,
  made: MadeIssuers,
  now: number,
): readonly Problem[] {
  if (pki === undefined) return [];
  return [
    ...skipped("root", pki.root?.generation ?? 1, made.root, made.previousRoot),
    ...skipped("intermediate", pki.intermediate.generation, made.intermediate, made.previousIntermediate),
    ...hurriedRoot({ pki, namespaces }, made, now),
    ...changedRoot(pki, made.root),
    ...changedIntermediate(pki, made),
    ...shortRoot(pki, made, now),
    ...shortIntermediate(pki, namespaces, made, now),
  ];
}

function skipped(
  part: "root" | "intermediate",
  generation: number,
  own: X509Certificate | undefined,
  previous: X509Certificate | undefined,
): readonly Problem[] {
  if (generation === 1 || own !== undefined || previous !== undefined) return [];
  return [
    {
      path: `pki.${part}.generation`,
      found: `${generation}, and Vault has no generation ${generation - 1} that could sign it`,
      allowed: "1 for a CA that is made anew, else the one that Vault has or the next",
      fix: "write generation: 1, or the generation that Vault has",
    },
  ];
}

/** A CA that is made does not change: its certificate is out in the world. */
function unchanged(
  part: "root" | "intermediate",
  field: string,
  declared: string,
  found: string,
): readonly Problem[] {
  if (declared === found) return [];
  return [
    {
      path: field,
      found: `${declared}, where the certificate that Vault has says ${found || "nothing"}`,
      allowed: "what the CA was made with: a certificate cannot be changed",
      fix: `raise pki.${part}.generation by one, which makes a new CA as declared, or take the change back`,
    },
  ];
}

function changedRoot({ root }: PkiSettings, own: X509Certificate | undefined): readonly Problem[] {
  if (root === undefined || own === undefined) return [];
  return [
    ...unchanged("root", "pki.root.commonName", authorityName(root), commonName(own)),
    ...unchanged("root", "pki.root.ttl", hours(durationMs(root.ttl)), hours(life(own))),
    ...unchanged("root", "pki.root.key", root.key, keyOf(own)),
  ];
}

function changedIntermediate(pki: PkiSettings, { intermediate: own, root }: MadeIssuers): readonly Problem[] {
  if (own === undefined) return [];
  const { intermediate } = pki;
  const key = unchanged("intermediate", "pki.intermediate.key", intermediate.key, keyOf(own));
  const [signed] = externalChain(pki);
  if (pki.root === undefined) {
    const same =
      signed === undefined || new X509Certificate(signed.certificate).fingerprint256 === own.fingerprint256;
    return [
      ...key,
      ...unchanged(
        "intermediate",
        "pki.external.signed",
        same ? "the same" : "another certificate",
        "the same",
      ),
    ];
  }
  return [
    ...key,
    ...unchanged("intermediate", "pki.intermediate.commonName", authorityName(intermediate), commonName(own)),
    ...unchanged("intermediate", "pki.domains", pki.domains.join(", "), permittedDomains(own).join(", ")),
    // Nor has one that is not made yet: the update would make it, and then fail at a second issuer of this name.
    ...(root !== undefined && own.verify(root.publicKey)
      ? unchanged(
          "intermediate",
          "pki.intermediate.ttl",
          hours(durationMs(intermediate.ttl)),
          hours(Math.min(life(own), durationMs(intermediate.ttl))),
        )
      : unchanged(
          "intermediate",
          "pki.root.generation",
          `root ${pki.root.generation}`,
          "another root signed the intermediate",
        )),
  ];
}

function shortRoot({ root, intermediate }: PkiSettings, made: MadeIssuers, now: number): readonly Problem[] {
  if (root === undefined || made.root === undefined || made.intermediate !== undefined) return [];
  const left = end(made.root) - now;
  if (durationMs(intermediate.ttl) < left) return [];
  return [
    {
      path: "pki.intermediate.ttl",
      found: `${intermediate.ttl}, and the root ends in ${hours(Math.max(left, 0))}`,
      allowed: "less than what is left of the root",
      fix: "shorten it, or raise pki.root.generation by one for a new root, cross-signed by this one",
    },
  ];
}

function shortIntermediate(
  pki: PkiSettings,
  namespaces: Settings["namespaces"],
  made: MadeIssuers,
  now: number,
): readonly Problem[] {
  const issuing = made.intermediate ?? (pki.root === undefined ? issuingOutside(pki, made) : undefined);
  if (issuing === undefined) return [];
  const left = end(issuing) - now;
  return namespaces.flatMap((namespace) =>
    namespace.services.flatMap((service) =>
      service.certificates
        .filter(({ ttl }) => durationMs(ttl) >= left)
        .map(({ name, ttl }) => ({
          path: pathText([
            "namespaces",
            namespace.name,
            "services",
            service.name,
            "certificates",
            name,
            "ttl",
          ]),
          found: `${ttl}, and the intermediate ends in ${hours(Math.max(left, 0))}`,
          allowed:
            "less than what is left of the intermediate: Vault issues nothing that outlives its issuer",
          fix: "raise pki.intermediate.generation by one for a new intermediate, or shorten it",
        })),
    ),
  );
}

/** What the update gives Vault; else what issues until the outside CA has signed. */
function issuingOutside(
  pki: PkiSettings,
  { previousIntermediate }: MadeIssuers,
): X509Certificate | undefined {
  const [signed] = externalChain(pki);
  return signed === undefined ? previousIntermediate : new X509Certificate(signed.certificate);
}

function commonName({ subject }: X509Certificate): string {
  return /^CN=(.*)$/m.exec(subject)?.[1] ?? "";
}

function end({ validTo }: X509Certificate): number {
  return Date.parse(validTo);
}

function life(certificate: X509Certificate): number {
  return end(certificate) - Date.parse(certificate.validFrom) - BACKDATED_MS;
}

/** Rounded to a tenth: a certificate's own times are in whole seconds. */
function hours(milliseconds: number): string {
  return `${Math.round(milliseconds / 360_000) / 10}h`;
}
