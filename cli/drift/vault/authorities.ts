import { unlessMissing } from "../../../resources/missing-issuer.ts";
import { body, type Fields, requiredText } from "../../../resources/values.ts";
import type { VaultReads } from "../../../resources/vault-types.ts";
import { CERTIFICATE, ISSUER_ID } from "../declared.ts";
import type { Declared, FieldDifference } from "../finding.ts";
import { vaultDifferences } from "./compare.ts";
import type { VaultReader } from "./reader.ts";
import { unsaidOf } from "./unsaid.ts";

/** An issuer that Vault has made once, by its name: the end of the resource's own. Its certificate is shown to anybody. */
const root: VaultReader = {
  place: ({ name }) => placeOf(name),
  fields: async (vault, { name }) => ((await issuerAt(vault, `${placeOf(name)}/json`)) ? [] : undefined),
};

/** An issuer as it is named, kept and chained; and its certificate, where that is declared and not made by Vault. */
const issuer: VaultReader = {
  place: ({ name }) => placeOf(name),
  fields: async (vault, { type, name, inputs }) => {
    const found = await issuerAt(vault, placeOf(name));
    if (found === undefined) return undefined;
    const { manualChains, ...rest } = inputs;
    const chain = manualChains === undefined ? {} : { manual_chain: manualChains };
    const declared = { ...body(rest, ["backend", "issuerRef"]), ...chain };
    return vaultDifferences(await withIds(vault, declared), found, unsaidOf[type]);
  },
};

/** The certificate that an outside CA has signed stands in the declaration. */
const imported: VaultReader = {
  place: ({ name }) => placeOf(name),
  fields: async (vault, { name, inputs }) => {
    const certificate = requiredText(inputs, "certificate");
    if (certificate.startsWith(CERTIFICATE)) return [];
    const found = await issuerAt(vault, `${placeOf(name)}/json`);
    // That it is missing says the issuer's own resource.
    return found === undefined ? [] : vaultDifferences({ certificate }, found);
  },
};

/** A key or a signature is made once; what came of it is the issuer, which is looked at. */
const madeOnce: VaultReader = {
  place: ({ name }) => placeOf(name),
  fields: async () => [],
};

const issuers: VaultReader = {
  place: ({ inputs }) => `${requiredText(inputs, "backend")}/config/issuers`,
  fields: async (vault, declared): Promise<readonly FieldDifference[] | undefined> => {
    const found = await vault.read(issuers.place(declared));
    return found && vaultDifferences(await withIds(vault, body(declared.inputs, ["backend"])), found);
  },
};

export const authorityReaders: Readonly<Record<string, VaultReader>> = {
  "vault:pkiSecret/secretBackendRootCert:SecretBackendRootCert": root,
  "vault:pkiSecret/secretBackendIssuer:SecretBackendIssuer": issuer,
  "vault:pkiSecret/secretBackendIntermediateSetSigned:SecretBackendIntermediateSetSigned": imported,
  "vault:pkiSecret/secretBackendIntermediateCertRequest:SecretBackendIntermediateCertRequest": madeOnce,
  "vault:pkiSecret/secretBackendRootSignIntermediate:SecretBackendRootSignIntermediate": madeOnce,
  "vault:pkiSecret/secretBackendConfigIssuers:SecretBackendConfigIssuers": issuers,
};

/** `<mount>/<issuer>` as a path of Vault. */
function placeOf(name: Declared["name"]): string {
  const cut = name.lastIndexOf("/");
  return `${name.slice(0, cut)}/issuer/${name.slice(cut + 1)}`;
}

/**
 * What is declared, with the ids that Vault has given to the issuers it names. A field that names one which is missing is
 * left out: that issuer says so itself.
 */
async function withIds(vault: VaultReads, declared: Fields): Promise<Fields> {
  const entries = Object.entries(declared).map(
    async ([field, value]) => [field, await withId(vault, value)] as const,
  );
  const resolved = await Promise.all(entries);
  return Object.fromEntries(resolved.filter(([, value]) => !JSON.stringify(value).includes(ISSUER_ID)));
}

async function withId(vault: VaultReads, value: unknown): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((item) => withId(vault, item)));
  if (typeof value !== "string" || !value.startsWith(ISSUER_ID)) return value;
  const found = await issuerAt(vault, placeOf(value.slice(ISSUER_ID.length)));
  return found?.issuer_id ?? value;
}

function issuerAt(vault: VaultReads, path: string): Promise<Fields | undefined> {
  return unlessMissing(vault.read(path));
}
